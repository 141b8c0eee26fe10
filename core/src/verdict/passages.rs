//! The passages of a page whose wording is weighed: where somebody may offer, where a look-up may be, and what counts beside them.
//!
//! Start at [`Reading::passages`].

use std::ops::Range;

use super::reading::{Found, Reading, speaks};
use super::voice;
use crate::entities;
use crate::host::Standing;
use crate::rules::rule::Place;
use crate::rules::{Fact, Lists};
use crate::text::fold;
use crate::wording::{self, Circumstances, Manner};

/// How near somebody to be rung makes a promise an offer, in characters.
const PITCH: usize = 80;
/// How far before such a sentence a certificate is what it speaks of, in characters.
const BEFORE: usize = 40;
/// So many contacts of a page are looked at for what is said beside them.
const LEADS: usize = 40;
/// So many promises in menus and feet are looked at.
const PLACES: usize = 16;
/// So many offers of a page are weighed by themselves.
const PITCHES: usize = 4;

/// More different words of a list say no more.
const SEVERAL: usize = 3;

/// A part of the page's text whose wording is weighed.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// In the visible text, or in the hidden one.
    pub(crate) visible: bool,
    /// In bytes of that text, folded.
    pub(crate) at: Range<usize>,
}

impl Reading<'_> {
    /// The passages whose wording is weighed, each of one or more parts that are read as one.
    pub(crate) fn passages(&self, manner: Manner) -> Vec<Vec<Part>> {
        match manner {
            // Who offers says it in one place.
            Manner::Offer => self.offers_parts().into_iter().map(|part| vec![part]).collect(),
            // A face is what can be read and what scripts will show, together.
            Manner::Fake => Some(self.fakes_parts()).filter(|parts| !parts.is_empty()).into_iter().collect(),
        }
    }

    /// Where somebody may offer: where the words of the trade stand closest. How few they are is weighed with the rest
    /// ([`Self::circumstances`]). Who is sly says none at all, in a text that is short: that is weighed as a whole. In a longer one
    /// nothing would tell where to look.
    fn offers_parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> =
            [true, false].into_iter().flat_map(|visible| self.parts(Manner::Offer, Lists::Trail, visible)).collect();
        parts.extend(self.pitches());
        parts.extend(self.notices());
        // As they stand in the text: what they share is spelt once.
        parts.sort_by_key(|part| (!part.visible, part.at.start, part.at.end));
        let text = self.folded.as_str();
        if parts.is_empty() && (1..=Manner::Offer.longest()).contains(&text.len()) {
            parts.push(Part { visible: true, at: 0..text.len() });
        }
        parts
    }

    /// The sentences that promise a certificate without learning or exam beside somebody to ring. Sellers put them into pages of law, news and honest
    /// advice, which would outweigh them.
    fn pitches(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let own = |found: &&Found| !found.reported && found.block.is_some() && found.place & Place::Side.bit() == 0;
        for found in self.list(Lists::Core).filter(own) {
            let Some(at) = self.pitch(found) else { continue };
            let known = parts.iter().any(|part| part.at.start <= at.start && at.end <= part.at.end);
            if !known && at.len() <= Manner::Offer.longest() {
                parts.push(Part { visible: true, at });
            }
            if parts.len() == PITCHES {
                break;
            }
        }
        parts
    }

    /// The sentences that name a certificate and whom to ring: on a board or in a market, what one of many says.
    fn notices(&self) -> Vec<Part> {
        let text = self.folded.as_str();
        let mut parts: Vec<Part> = Vec::new();
        for lead in self.leads.iter().filter(|lead| lead.main && lead.personal).take(LEADS) {
            let at = voice::sentence(text, &lead.at);
            let named = |(_, index): &(u16, u32)| {
                let found = &self.found[*index as usize];
                found.block.is_some() && !found.reported && at.start <= found.at.start && found.at.end <= at.end
            };
            let names = self.certificates.iter().chain(&self.certificate_names).any(named);
            let known = parts.iter().any(|part| part.at == at);
            if names && !known && at.len() <= Manner::Offer.longest() {
                parts.push(Part { visible: true, at });
            }
            if parts.len() == PITCHES {
                break;
            }
        }
        parts
    }

    /// The sentence of a promise and of whom to ring for it, where somebody is near.
    pub(crate) fn pitch(&self, promise: &Found) -> Option<Range<usize>> {
        self.sentence_to(promise, self.leads.iter().filter(|lead| lead.main).map(|lead| &lead.at))
    }

    /// The same where nobody names a number and readers are asked to write all the same: 私聊, 看主页.
    pub(crate) fn call(&self, promise: &Found) -> Option<Range<usize>> {
        let own = |found: &&Found| !found.reported && found.block.is_some() && found.place & Place::Side.bit() == 0;
        self.sentence_to(promise, self.list(Lists::Private).filter(own).map(|found| &found.at))
    }

    fn sentence_to<'p>(&self, promise: &Found, places: impl Iterator<Item = &'p Range<usize>>) -> Option<Range<usize>> {
        let near = |at: &&Range<usize>| self.distance(at, &promise.at, PITCH) <= PITCH;
        let reached = places.filter(near).min_by_key(|at| at.start.abs_diff(promise.at.start))?;
        let both = promise.at.start.min(reached.start)..promise.at.end.max(reached.end);
        Some(voice::sentence(self.folded.as_str(), &both))
    }

    /// Takes offers that are made in menus, side bars and feet for the page's own matter: a certificate, a promise without exam and somebody to
    /// ring in one sentence. Whoever breaks into a page writes there, and builders of shops call any box so. What only stands there is another's.
    pub(super) fn promote(&mut self) {
        let aside = |at: &Range<usize>, block: Option<usize>| {
            block.is_some_and(|block| self.place_of(block) == Place::Side).then(|| at.clone())
        };
        let promises: Vec<Range<usize>> =
            self.list(Lists::Core).filter_map(|found| aside(&found.at, found.block)).take(PLACES).collect();
        let text = self.folded.as_str();
        let mut blocks: Vec<usize> = Vec::new();
        for promise in promises {
            let leads = self.leads.iter().filter(|lead| aside(&lead.at, lead.block).is_some());
            let near = leads.filter(|lead| self.distance(&lead.at, &promise, PITCH) <= PITCH);
            let Some(lead) = near.min_by_key(|lead| lead.at.start.abs_diff(promise.start)) else { continue };
            let pitch = voice::sentence(text, &(promise.start.min(lead.at.start)..promise.end.max(lead.at.end)));
            if self.names_certificate(&pitch) {
                let raw = self.folded.raw_range(pitch);
                let first = self.extract.blocks.partition_point(|block| block.at.end <= raw.start);
                let all = self.extract.blocks.iter().enumerate().skip(first);
                blocks.extend(all.take_while(|(_, block)| block.at.start < raw.end).map(|(number, _)| number));
            }
        }
        if blocks.is_empty() {
            return;
        }
        self.promoted = blocks;
        for found in 0..self.found.len() {
            if let Some(block) = self.found[found].block {
                self.found[found].place = self.place_of(block).bit();
            }
        }
        for lead in 0..self.leads.len() {
            self.leads[lead].main = self.leads[lead].block.is_some_and(|block| self.place_of(block) != Place::Side);
        }
    }

    /// Whether a certificate is named in this stretch or right before it.
    pub(crate) fn names_certificate(&self, at: &Range<usize>) -> bool {
        self.certificates.iter().chain(&self.certificate_names).any(|(_, index)| {
            let found = &self.found[*index as usize];
            found.block.is_some() && self.distance(&found.at, at, BEFORE) <= BEFORE
        })
    }

    /// Whether a passage is for the greater part what somebody wrote to an office or complains of.
    pub(crate) fn is_printed_letter(&self, part: &Part) -> bool {
        let shared =
            |letter: &Range<usize>| letter.end.min(part.at.end).saturating_sub(letter.start.max(part.at.start));
        part.visible && 2 * self.letters.iter().map(shared).sum::<usize>() > part.at.len()
    }

    /// What counts beside the wording; of a look-up's imitation nothing does.
    pub(crate) fn circumstances(&self, manner: Manner) -> Option<Circumstances> {
        (manner == Manner::Offer).then(|| Circumstances {
            words: self.distinct(Lists::Trail, true),
            own: self.list(Lists::OwnTrail).next().is_some(),
            reached: !self.leads.is_empty() || self.is_reached_by_code(),
            deals: self.list(Lists::Deal).next().is_some(),
        })
    }

    /// A code is somebody to be reached where it says so itself, or the page speaks of a deal. Guides, papers, employers and schools all have
    /// one for readers to follow them: that a code is there says less than a telephone that is written out.
    fn is_reached_by_code(&self) -> bool {
        let codes = &self.extract.qr;
        !codes.is_empty()
            && (self.list(Lists::Deal).next().is_some() || codes.iter().any(|code| speaks(code) && has_contact(code)))
    }

    /// Where a look-up may be: of one word alone (查询) nothing follows, and neither a genuine host nor an archive of it is an imitation.
    fn fakes_parts(&self) -> Vec<Part> {
        let genuine = self.host.standing == Standing::Official || self.facts.has(Fact::CopyKeeper);
        if genuine || ![true, false].into_iter().any(|visible| self.distinct(Lists::CheckTrail, visible) >= 2) {
            return Vec::new();
        }
        [true, false].into_iter().flat_map(|visible| self.parts(Manner::Fake, Lists::CheckTrail, visible)).collect()
    }

    /// How many different words of a list there are, counted up to [`SEVERAL`].
    fn distinct(&self, list: Lists, visible: bool) -> usize {
        let mut known = [u32::MAX; SEVERAL];
        let mut count = 0;
        for found in self.list(list).filter(|found| found.block.is_some() == visible) {
            if !known[..count].contains(&found.pattern) {
                known[count] = found.pattern;
                count += 1;
            }
            if count == SEVERAL {
                break;
            }
        }
        count
    }

    /// The stretches around the words of a list.
    fn parts(&self, manner: Manner, list: Lists, visible: bool) -> impl Iterator<Item = Part> {
        let words = self.list(list).filter(|found| found.block.is_some() == visible);
        let mut places: Vec<usize> = words.map(|found| found.at.start).collect();
        places.sort_unstable();
        wording::stretches(manner, self.text(visible), &places).into_iter().map(move |at| Part { visible, at })
    }

    /// The folded text of a part.
    pub(crate) fn text_of(&self, part: &Part) -> &str {
        &self.text(part.visible)[part.at.clone()]
    }
}

fn has_contact(text: &str) -> bool {
    use entities::Kind;
    let told = entities::in_text(text, &fold(text));
    told.iter().any(|entity| matches!(entity.kind, Kind::Phone | Kind::Wechat | Kind::Qq | Kind::Telegram))
}
