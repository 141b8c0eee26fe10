//! Names that are one party's or one server's: politeness is owed to them together, not to each name.
//!
//! Every host has a group by its registrable domain (an address in a URL is its own), and one by the address that it resolved to or that
//! answered last, once that is known. Hosts that have both groups in common lie in one cell: what holds one of them up holds up all, so a platform
//! with thousands of names is a few entries to choose among, and waits in one place. A cell that a group holds up waits in the
//! group's line; the group enters itself for a turn when it may be asked again.
//! It must not decide whose turn it is. Start at [`Groups`].

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use hashbrown::HashMap;
use jianzheng_core::host;

use super::Politeness;

/// No address group: it is not known yet, or the address is the unit's own business.
const NONE: u32 = u32::MAX;

/// All names of one registrable domain, or all that one address serves.
#[derive(Debug, Default)]
pub(super) struct Group {
    in_flight: u32,
    /// Not to be asked before.
    next_at: Option<Instant>,
    /// Cells that it holds up, in the order of their coming.
    pub line: VecDeque<u32>,
    /// The number of its entry for a turn.
    pub entered: Option<u64>,
}

impl Group {
    /// Whether it may not be asked now. A delay of none switches the waits of politeness off, and this is one.
    pub(super) fn is_held(&self, now: Instant, limits: &Politeness) -> bool {
        !limits.delay.is_zero() && (self.is_full(limits) || self.next_at.is_some_and(|at| at > now))
    }

    /// Whether it has to end a fetch before it may be asked again.
    pub(super) fn is_full(&self, limits: &Politeness) -> bool {
        !limits.delay.is_zero() && self.in_flight >= limits.connections.max(1)
    }

    /// From when on it may be asked, as far as that is a matter of time.
    pub(super) fn opens_at(&self, now: Instant, limits: &Politeness) -> Instant {
        self.next_at.filter(|_| !limits.delay.is_zero()).unwrap_or(now).max(now)
    }

    pub(super) fn began(&mut self, now: Instant, delay: Duration) {
        self.in_flight += 1;
        self.rests(now, delay);
    }

    pub(super) fn ended(&mut self, now: Instant, delay: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.rests(now, delay);
    }

    /// Somebody of it was just asked.
    pub(super) fn rests(&mut self, now: Instant, delay: Duration) {
        self.next_at = self.next_at.max(Some(now + delay));
    }
}

/// Where a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Standing {
    /// Nowhere: none of its hosts has anything to offer.
    #[default]
    Idle,
    /// Entered for a turn.
    Entered { at: Instant, number: u64 },
    /// In the line of a group.
    InLine,
}

/// The hosts of one domain on one address.
#[derive(Debug)]
pub(super) struct Cell {
    /// Both groups; see [`Cell::groups`].
    domain: u32,
    address: u32,
    /// When each host may be asked, the order of coming among equals, and the host's number. An entry whose time is not the
    /// host's own `queued_at`, or whose host has moved to another cell, is a leftover.
    pub hosts: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    pub standing: Standing,
}

impl Cell {
    /// The groups that it belongs to.
    pub(super) fn groups(&self) -> impl Iterator<Item = u32> + use<> {
        [Some(self.domain), self.address_group()].into_iter().flatten()
    }

    /// The group of its address, where that is known.
    pub(super) fn address_group(&self) -> Option<u32> {
        (self.address != NONE).then_some(self.address)
    }

    pub(super) fn has_address(&self) -> bool {
        self.address != NONE
    }
}

/// All groups and cells. Neither is ever taken away: there are no more of them than names and addresses met.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    cells: Vec<Cell>,
    by_domain: HashMap<Arc<str>, u32>,
    by_address: HashMap<IpAddr, u32>,
    by_pair: HashMap<(u32, u32), u32>,
}

impl Groups {
    /// The cell of a host of which no address is known.
    pub(super) fn cell_of(&mut self, key: &Arc<str>) -> u32 {
        let name = name_of(key);
        let domain = host::registrable(name);
        let group = match self.by_domain.get(domain) {
            Some(group) => *group,
            None => {
                let group = self.new_group();
                // Most hosts are their own domain, or a name that others share anyway.
                let owned = if domain.len() == key.len() { Arc::clone(key) } else { Arc::from(domain) };
                self.by_domain.insert(owned, group);
                group
            }
        };
        self.cell_at(group, NONE)
    }

    /// The cell of the same domain on an address.
    pub(super) fn cell_on(&mut self, cell: u32, address: IpAddr) -> u32 {
        let address = network(address);
        let group = match self.by_address.get(&address) {
            Some(group) => *group,
            None => {
                let group = self.new_group();
                self.by_address.insert(address, group);
                group
            }
        };
        self.cell_at(self.cells[cell as usize].domain, group)
    }

    /// The address whose group a cell is in. Walks the addresses: for people and for reloading.
    pub(super) fn addresses(&self) -> HashMap<u32, IpAddr> {
        let addresses: HashMap<u32, IpAddr> = self.by_address.iter().map(|(ip, group)| (*group, *ip)).collect();
        let cells = self.cells.iter().zip(0..);
        cells.filter_map(|(cell, number)| Some((number, *addresses.get(&cell.address)?))).collect()
    }

    pub(super) fn cell(&self, cell: u32) -> &Cell {
        &self.cells[cell as usize]
    }

    pub(super) fn cell_mut(&mut self, cell: u32) -> &mut Cell {
        &mut self.cells[cell as usize]
    }

    pub(super) fn group(&self, group: u32) -> &Group {
        &self.groups[group as usize]
    }

    pub(super) fn group_mut(&mut self, group: u32) -> &mut Group {
        &mut self.groups[group as usize]
    }

    fn new_group(&mut self) -> u32 {
        self.groups.push(Group::default());
        self.groups.len() as u32 - 1
    }

    fn cell_at(&mut self, domain: u32, address: u32) -> u32 {
        *self.by_pair.entry((domain, address)).or_insert_with(|| {
            self.cells.push(Cell { domain, address, hosts: BinaryHeap::new(), standing: Standing::Idle });
            self.cells.len() as u32 - 1
        })
    }
}

/// A host key without its port; an IPv6 address without its brackets.
fn name_of(key: &str) -> &str {
    if let Some(rest) = key.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    key.split(':').next().unwrap_or(key)
}

/// What counts as one server: an IPv4 address, and of IPv6 the network that one customer gets.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_party_are_one_cell_until_their_addresses_differ() {
        let mut groups = Groups::default();
        let mut cell = |key: &str| groups.cell_of(&Arc::from(key));
        let shop = cell("a.shop.example.com.cn");
        for same in ["example.com.cn", "b.example.com.cn:8080", "www.example.com.cn"] {
            assert_eq!(cell(same), shop, "{same}");
        }
        let literal = cell("203.0.113.7");
        assert_eq!(cell("203.0.113.7:8080"), literal);
        assert_eq!(cell("[2001:db8::7]:81"), cell("[2001:db8::7]"));
        for other in ["example.cn", "203.0.113.8", "localhost", "a.github.io", "b.github.io", "[2001:db8::7]"] {
            assert!(![shop, literal].contains(&cell(other)), "{other}");
        }
        assert_ne!(cell("a.github.io"), cell("b.github.io"), "a suffix is nobody's");
        let on = |groups: &mut Groups, ip: &str| groups.cell_on(shop, ip.parse().unwrap());
        let one = on(&mut groups, "203.0.113.7");
        assert_eq!(on(&mut groups, "::ffff:203.0.113.7"), one);
        assert_ne!(on(&mut groups, "203.0.113.8"), one);
        assert_eq!(on(&mut groups, "2001:db8::1"), on(&mut groups, "2001:db8::ffff:1"), "one customer's network");
        assert_ne!(on(&mut groups, "2001:db8::1"), on(&mut groups, "2001:db8:0:1::1"));
        assert_eq!(groups.addresses()[&one], "203.0.113.7".parse::<IpAddr>().unwrap());
        let groups_of = |cell: u32| groups.cell(cell).groups().collect::<Vec<_>>();
        assert_eq!((groups_of(shop).len(), groups_of(one).len()), (1, 2));
        assert_eq!(groups_of(shop)[0], groups_of(one)[0]);
    }
}
