//! What takes hold of the world: the store, the frontier, the evidence, the guarded client, the desk.
//!
//! [`Program::open`] builds them once; [`Opened`] is what commands work with while this process holds the folder. In practice
//! only the network's far end, the clock, the waits and the recipients differ. Start at [`Program::open`].

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use jianzheng_core::rules::{RuleSet, problem::Problem};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Program, Renewed, StartError, ids, mail, round, rules};
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::crawl::client::Fetcher;
use crate::crawl::frontier::{Frontier, Now};
use crate::crawl::render::Renderer;
use crate::crawl::resolver::{Lookup, SystemLookup, Table};
use crate::crawl::robots::RobotsCache;
use crate::daemon;
use crate::desk::Desk;
use crate::desk::host::Manners;
use crate::desk::local::{LocalDesk, Office};
use crate::discover::SourceRow;
use crate::evidence::Origin;
use crate::outbox::{queue, sending};
use crate::patrol::progress::Progress;
use crate::patrol::{Keeper, Order, Summary};
use crate::practice::{self, PracticeWeb, Running};
use crate::store::{AuditCheck, Opts, Store, StoreError};
use crate::tuning::{self, clean::Of, standing::Standing};

/// The settings and seeds of practice, written beside its store so that the ordinary readers read them.
pub(super) fn practice_settings(data: &Path) -> Result<Settings, StartError> {
    let file = data.join("settings.toml");
    let written = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::write(&file, practice::settings()))
        .and_then(|()| std::fs::write(data.join(practice::SEEDS_FILE), practice::seeds()));
    written.map_err(|error| StartError::State(format!("演练目录 {} 写不进去：{error}", data.display())))?;
    let nothing = std::iter::empty::<(std::ffi::OsString, std::ffi::OsString)>();
    Ok(config::load(Some(&file), nothing, data)?)
}

/// What `check` visits pages with; what keeps the practice web alive lives as long.
pub struct Visitor {
    /// The guarded client.
    pub fetcher: Fetcher,
    /// Browsers for what a static parse cannot see; none where they are switched off or cannot go out.
    pub renderer: Option<Renderer>,
    _practice: Option<Running>,
}

/// The parts that hold the store. While it lives no other process can open the same folder.
pub struct Opened {
    pub(super) settings: Settings,
    program: RwLock<Arc<Program>>,
    pub(super) store: Store,
    pub(super) frontier: Arc<Frontier>,
    pub(super) robots_cache: Arc<RobotsCache>,
    pub(super) practice: Option<(u32, Running)>,
    clock: Clock,
    desk: LocalDesk,
}

impl Program {
    /// Takes hold of the store and builds what a round needs.
    ///
    /// # Errors
    /// Another process holds the folder, or it cannot be opened.
    pub async fn open(&self) -> Result<Opened, StartError> {
        let store = Store::open(&self.data, self.store_opts()).map_err(state)?;
        let clock = match self.practice {
            // What is read between rounds is read at the end of the practice day.
            Some(day) => Clock::starting_at(practice::clock(day, practice::Part::Morning)),
            None => self.clock.clone(),
        };
        let now = Now { mono: std::time::Instant::now(), wall: clock.now() };
        let frontier = Arc::new(Frontier::open(&store, now).map_err(state)?);
        let practice = match self.practice {
            Some(day) => Some((day, serve(day).await?)),
            None => None,
        };
        let desk = desk(self, &store, clock.clone())?;
        Ok(Opened {
            settings: self.settings.clone(),
            program: RwLock::new(Arc::new(self.clone())),
            store,
            frontier,
            robots_cache: Arc::default(),
            practice,
            clock,
            desk,
        })
    }

    /// What the rules have done so far, by their ids; `None` where nothing was ever kept.
    ///
    /// # Errors
    /// Another process holds the folder, or it cannot be read.
    pub async fn standing(&self) -> Result<Option<HashMap<String, Standing>>, StartError> {
        let Some(store) = self.kept_store()? else { return Ok(None) };
        let done = tuning::standing::of_hits(&store).await.map_err(state)?;
        Ok(Some(ids::own_deeds(&self.rules, &self.data, done)))
    }

    /// The rules that came with the program, where the unit has its own; none where these are in force.
    ///
    /// # Errors
    /// They are wrong, which a test forbids.
    pub fn shipped(&self) -> Result<Option<RuleSet>, StartError> {
        Ok(self.rule_files.folder.as_ref().map(|_| rules::load(None)).transpose()?.map(|(set, _)| set))
    }

    /// What may be said against the rules although they are right ([`crate::tuning::doubts`]); without their past where the store cannot be had
    /// now, and then the second value says why.
    ///
    /// # Errors
    /// The clean corpus cannot be read.
    pub async fn doubts(&self) -> Result<(Vec<Problem>, Option<StartError>), StartError> {
        if self.rule_files.folder.is_none() {
            return Ok((Vec::new(), None));
        }
        let (standing, why) = match self.standing().await {
            // Where nothing was ever found nothing was ever confirmed.
            Ok(standing) => (Some(standing.unwrap_or_default()), None),
            Err(why) => (None, Some(why)),
        };
        Ok((self.doubts_given(standing.as_ref())?, why))
    }

    /// The same with what the rules have done; nothing of rules built in.
    pub(super) fn doubts_given(
        &self,
        standing: Option<&HashMap<String, Standing>>,
    ) -> Result<Vec<Problem>, StartError> {
        let Some(shipped) = self.shipped()? else { return Ok(Vec::new()) };
        let (innocents, guilty) = (self.pages(Of::Innocents)?, self.pages(Of::Guilty)?);
        let mut doubts = tuning::doubts::doubts(&self.rules, &shipped, standing, &innocents, &guilty);
        let told: HashSet<String> =
            doubts.iter().filter(|doubt| doubt.code == "id-reused").map(|doubt| doubt.say.clone()).collect();
        doubts.extend(ids::strangers(&self.rules, &self.data).into_iter().filter(|doubt| !told.contains(&doubt.say)));
        Ok(doubts)
    }

    /// The store where there is one; a command that only reads makes none.
    pub(super) fn kept_store(&self) -> Result<Option<Store>, StartError> {
        if !self.data.join("store").is_dir() {
            return Ok(None);
        }
        // There is nobody to ask while another process holds it: the daemon listens to nothing.
        Store::open(&self.data, self.store_opts()).map(Some).map_err(|error| match error {
            StoreError::Held { .. } => StartError::State(format!(
                "{error}。守护进程：systemctl stop jianzheng 停下，做完再 start；不想停，就拿备份的一份拷贝来试：jianzheng --data 拷贝的目录 rules …"
            )),
            error => state(error),
        })
    }

    /// Opens the store and lets go of it again: does it open at all? For `doctor`.
    ///
    /// # Errors
    /// Why it does not.
    pub fn try_store(&self) -> Result<(), StoreError> {
        Store::open(&self.data, self.store_opts()).map(drop)
    }

    pub(super) fn store_opts(&self) -> Opts {
        Opts { free_floor: self.settings.general.free_floor_mb << 20, ..Opts::default() }
    }

    /// What single pages are visited with, without the store.
    ///
    /// # Errors
    /// The proxy or the file of roots is unusable.
    pub async fn visitor(&self) -> Result<Visitor, StartError> {
        let practice = match self.practice {
            Some(day) => Some(serve(day).await?),
            None => None,
        };
        let fetcher = fetcher(self, practice.as_ref(), &self.clock)?;
        // Where no browser can go out, the page as the server sent it is still worth telling; `doctor` says why.
        let renderer = self.renderer().unwrap_or_default();
        Ok(Visitor { fetcher, renderer, _practice: practice })
    }
}

fn state(error: StoreError) -> StartError {
    StartError::State(error.to_string())
}

async fn serve(day: u32) -> Result<Running, StartError> {
    let web = PracticeWeb::load().map_err(|error| StartError::State(error.to_string()))?;
    web.serve(day).await.map_err(|error| StartError::State(error.to_string()))
}

/// The guarded client; in practice it knows the names of the practice web and no others.
pub(super) fn fetcher(program: &Program, practice: Option<&Running>, clock: &Clock) -> Result<Fetcher, StartError> {
    let own = program.rule_files.sources.iter().filter_map(|source| {
        let terms = program.terms(source);
        terms.url.filter(|_| terms.own)
    });
    let lookup: Arc<dyn Lookup> = match practice {
        Some(web) => Arc::new(Table::new(web.hosts())),
        None => Arc::new(SystemLookup),
    };
    super::network::fetcher_knowing(&program.settings, own, clock, lookup).map_err(|e| StartError::State(e.to_string()))
}

fn desk(program: &Program, store: &Store, clock: Clock) -> Result<LocalDesk, StartError> {
    let office = Office {
        edition: mail::edition(program, &clock),
        mailer: mail::mailer(&program.settings, &program.data)?,
        clock,
        rules: Arc::clone(&program.rules),
        manners: Manners {
            quiet: program.settings.network.quiet_hours,
            zone: program.settings.general.timezone.clone(),
            delay_ms: program.settings.network.host_delay_ms,
        },
    };
    Ok(LocalDesk::new(store.clone(), office))
}

impl Opened {
    /// The officers' desk.
    pub fn desk(&self) -> &impl Desk {
        &self.desk
    }

    /// Settings and rules in force. A round takes them once, at its beginning.
    pub(super) fn program(&self) -> Arc<Program> {
        Arc::clone(&self.program.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other rules in force, for whoever asks from now on.
    pub(super) fn put_in_force(&self, program: Program) {
        *self.program.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(program);
    }

    /// The store that this process holds.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The calendar time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How many contacts get lists.
    pub fn contacts(&self) -> usize {
        mail::contacts(&self.settings).len()
    }

    /// The folder that everything lies in.
    pub fn data(&self) -> &Path {
        self.store.data()
    }

    /// One round; on a practice day all of its rounds. Progress goes to stderr.
    ///
    /// # Errors
    /// The order cannot be carried out, or the store is beyond use. A round that was cut off is a summary that says so.
    pub async fn patrol(&self, order: Order, stop: watch::Receiver<bool>) -> anyhow::Result<Summary> {
        let progress = Arc::new(Progress::on_stderr());
        let Some((day, web)) = &self.practice else {
            return round::run(self, order, stop, &self.clock, &self.desk, progress).await;
        };
        web.set_day(*day);
        let parts = practice::parts(*day);
        let mut whole: Option<Summary> = None;
        for (index, part) in parts.iter().enumerate() {
            let clock = Clock::starting_at(practice::clock(*day, *part));
            let desk = desk(&self.program(), &self.store, clock.clone())?;
            let last = index + 1 == parts.len();
            let order = Order { no_mail: order.no_mail || !last, ..order.clone() };
            let done = round::run(self, order, stop.clone(), &clock, &desk, Arc::clone(&progress)).await?;
            let ends = done.cut_off;
            whole = Some(match whole {
                None => done,
                Some(before) => done.after(before),
            });
            if ends {
                break;
            }
        }
        let mut whole = whole.ok_or_else(|| anyhow::anyhow!("演练的这一天没有安排巡查"))?;
        if !whole.cut_off {
            let report = self.hold_against_truth(*day)?;
            tracing::debug!("{report}");
            whole.truth = Some(report.to_string());
        }
        Ok(whole)
    }

    /// Holds what was judged against what is true of the practice web.
    fn hold_against_truth(&self, day: u32) -> anyhow::Result<practice::Report> {
        let mut judged = std::collections::BTreeMap::new();
        for page in self.store.pages(1) {
            let page = page?;
            if let Some(verdict) = page.verdict {
                judged.insert(page.final_url, (verdict, page.score));
            }
        }
        let judged = judged.into_iter().map(|(url, (verdict, score))| (url, verdict, score));
        Ok(practice::truth()?.hold_against(judged, day))
    }

    /// Rounds on schedule, until stopped. `loaded` is what [`Program::load_unwatched`] found.
    ///
    /// # Errors
    /// The store is beyond use.
    pub async fn daemon(&self, loaded: &Renewed, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        daemon::tell(loaded);
        daemon::run(self, self.hours(), stop).await
    }

    pub(super) fn hours(&self) -> daemon::Hours {
        daemon::Hours {
            rounds: self.settings.daemon.rounds.clone(),
            digest: self.settings.digest.at,
            quiet: self.settings.network.quiet_hours,
            zone: self.settings.general.timezone.clone(),
        }
    }

    /// Makes today's digests where asked and tries each mail whose time has come.
    ///
    /// # Errors
    /// The store or the outbox folder failed, or a digest could not be made.
    pub async fn mail(&self, make: bool) -> anyhow::Result<()> {
        let edition = mail::edition(&self.program(), &self.clock);
        if make {
            let (unseen_sources, not_looked_at) = {
                let today = crate::clock::shanghai_date(self.now());
                crate::outbox::unseen::since_last_lists(&self.store, today).await?
            };
            let edition = queue::Edition { unseen_sources, not_looked_at, ..edition.clone() };
            let made = queue::make(&self.store, &edition, self.now(), false).await?;
            for (contact, why) in made.failed {
                tracing::error!(contact = contact.shown(), %why, "digest not made");
            }
        }
        let mailer = mail::mailer(&self.settings, self.data())?;
        for digest in sending::send_due(&self.store, &mailer, &edition.from, &self.clock, true, &[]).await? {
            tracing::info!(digest = %digest.id, state = digest.state.as_str(), "mail");
        }
        Ok(())
    }

    /// Each source's state.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sources(&self) -> anyhow::Result<Vec<SourceRow>> {
        Ok(round::standing(self).await?)
    }

    /// Walks the audit chain.
    ///
    /// # Errors
    /// The store failed.
    pub async fn verify_audit(&self) -> anyhow::Result<AuditCheck> {
        Ok(self.store.verify_audit().await?)
    }

    /// The evidence writer, opened when a round begins so that commands that only read leave the folder alone.
    pub(super) fn keeper(&self, clock: &Clock) -> anyhow::Result<Keeper> {
        let mut notes = Vec::new();
        if clock.is_set() {
            notes.push(("clock".to_owned(), "set".to_owned()));
        }
        let software = format!("jianzheng/{}", env!("CARGO_PKG_VERSION"));
        Ok(Keeper::start(self.data(), Origin { software, notes })?)
    }
}
