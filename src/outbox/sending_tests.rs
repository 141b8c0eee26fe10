//! Claims about attempts, with a mail server that does as it is told.

use std::{collections::VecDeque, path::PathBuf, sync::Mutex};

use super::*;
use crate::{
    cases::tests::{Found, SELLER, at, open, see},
    outbox::{
        listing::Contact,
        queue::{
            make,
            tests::{contact, edition},
        },
    },
};

const FROM: &str = "鉴证巡查 <patrol@example.gov.cn>";

/// What the server does with one mail.
#[derive(Debug, Clone, Copy)]
enum Does {
    Takes,
    /// Does not answer, or refuses before the message.
    RefusesBefore,
    RefusesForGood,
    /// The line is cut when the message is under way.
    CutAfterData,
    /// The program is killed there.
    KilledAfterData,
}

struct Server {
    does: Mutex<VecDeque<Does>>,
    got: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Server {
    fn that(does: &[Does]) -> Self {
        Self { does: Mutex::new(does.iter().copied().collect()), got: Mutex::new(Vec::new()) }
    }

    fn got(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

impl Carrier for Server {
    async fn carry<F, R, E>(&self, mail: Mail<'_>, before_data: F) -> Outcome
    where
        F: FnOnce() -> R + Send,
        R: Future<Output = Result<(), E>> + Send,
        E: fmt::Display + Send,
    {
        assert_eq!(mail.from, "patrol@example.gov.cn");
        let does = self.does.lock().unwrap().pop_front().expect("one more mail than was told of");
        let why = "被告知如此".to_owned();
        match does {
            Does::RefusesBefore => return Outcome::Temporary { why },
            Does::RefusesForGood => return Outcome::Permanent { why },
            Does::Takes | Does::CutAfterData | Does::KilledAfterData => {}
        }
        if let Err(error) = before_data().await {
            return Outcome::Temporary { why: error.to_string() };
        }
        self.got.lock().unwrap().push((mail.to.to_owned(), mail.bytes.to_vec()));
        match does {
            Does::KilledAfterData => std::future::pending().await,
            Does::CutAfterData => Outcome::Unknown { why },
            _ => Outcome::Accepted { reply: "250 ok".to_owned() },
        }
    }
}

async fn one_list(folder: &Path) -> (Store, Contact, String) {
    let store = open(folder);
    let market = contact("市监局", &["市监"], &[]);
    see(&store, SELLER).await;
    let made = make(&store, &edition(std::slice::from_ref(&market)), at(1), false).await.unwrap();
    let id = made.digests[0].id.clone();
    (store, market, id)
}

async fn try_once(store: &Store, server: &Server, hours: i64, patient: bool) -> Vec<(DigestState, u32, u32)> {
    let tried = send_due(store, server, FROM, &Clock::starting_at(at(hours)), patient, &[]).await.unwrap();
    tried.into_iter().map(|digest| (digest.state, digest.attempts, digest.resends)).collect()
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_goes_once_more_with_the_same_bytes_and_then_only_by_order() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, id) = one_list(folder.path()).await;
    let server =
        Server::that(&[Does::CutAfterData, Does::RefusesBefore, Does::CutAfterData, Does::CutAfterData, Does::Takes]);
    assert_eq!(try_once(&store, &server, 1, false).await, [(DigestState::Unknown, 1, 0)]);
    // Nothing went this time, so the one further try is still to come.
    assert_eq!(try_once(&store, &server, 2, false).await, [(DigestState::Unknown, 2, 0)]);
    assert_eq!(try_once(&store, &server, 3, false).await, [(DigestState::Unknown, 3, 1)]);
    assert_eq!(try_once(&store, &server, 4, false).await, []);
    let clock = Clock::starting_at(at(5));
    assert_eq!(resend(&store, &server, FROM, &clock, &id).await.unwrap().state, DigestState::Unknown);
    let sent = resend(&store, &server, FROM, &clock, &id).await.unwrap();
    assert_eq!((sent.state, sent.resends, sent.last_error), (DigestState::Sent, 3, None));
    {
        let got = server.got.lock().unwrap();
        assert_eq!(got.len(), 4);
        assert!(got.iter().all(|mail| *mail == got[0]), "the same bytes to the same contact");
    }
    let missing = resend(&store, &Server::that(&[]), FROM, &clock, "2020-01-01.x.r0").await.unwrap_err();
    assert!(matches!(missing, StoreError::Missing { what: "清单", .. }));
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_mail_is_an_unknown_end() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, id) = one_list(folder.path()).await;
    let server = Arc::new(Server::that(&[Does::KilledAfterData, Does::Takes]));
    let (its_store, its_server) = (store.clone(), Arc::clone(&server));
    let task = tokio::spawn(async move {
        let clock = Clock::starting_at(at(1));
        send_due(&its_store, &*its_server, FROM, &clock, false, &[]).await.map(|_| ())
    });
    while server.got() == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.digest(&id).await.unwrap().unwrap().state, DigestState::Unknown);
    assert_eq!(try_once(&store, &server, 2, false).await, [(DigestState::Sent, 2, 1)]);
    assert_eq!(try_once(&store, &server, 3, false).await, []);
}

#[tokio::test]
async fn what_is_put_off_is_tried_by_commands_at_once_and_by_the_daemon_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let (store, market, _) = one_list(folder.path()).await;
    let server = Server::that(&[Does::RefusesBefore, Does::RefusesBefore, Does::Takes, Does::Takes]);
    assert_eq!(try_once(&store, &server, 1, true).await, [(DigestState::Temporary, 1, 0)]);
    assert_eq!(try_once(&store, &server, 1, true).await, []);
    assert_eq!(try_once(&store, &server, 1, false).await, [(DigestState::Temporary, 2, 0)]);
    // The next day's list does not push out the one that is late.
    see(&store, Found { url: "http://b.example/", phones: &["13000005555"], hours: 20, ..SELLER }).await;
    make(&store, &edition(&[market]), at(24), false).await.unwrap();
    assert_eq!(try_once(&store, &server, 25, true).await, [(DigestState::Sent, 3, 0), (DigestState::Sent, 1, 0)]);
    assert_eq!(server.got(), 2);
}

#[tokio::test]
async fn a_mail_whose_file_is_gone_or_changed_is_not_sent_and_says_so() {
    let check = async |damage: fn(PathBuf)| {
        let folder = tempfile::tempdir().unwrap();
        let (store, _, id) = one_list(folder.path()).await;
        let file = store.digest(&id).await.unwrap().unwrap().file;
        damage(store.data().join(&file));
        let server = Server::that(&[]);
        assert_eq!(try_once(&store, &server, 1, false).await, [(DigestState::Permanent, 1, 0)]);
        let why = store.digest(&id).await.unwrap().unwrap().last_error.unwrap();
        assert!(why.contains(&file) && why.contains("resend"), "{why}");
        assert_eq!(try_once(&store, &server, 2, false).await, []);
    };
    check(|file| std::fs::remove_file(file).unwrap()).await;
    check(|file| std::fs::write(file, "From: someone else").unwrap()).await;
}

#[tokio::test]
async fn a_refusal_for_good_is_final_and_every_end_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, id) = one_list(folder.path()).await;
    let server = Server::that(&[Does::RefusesForGood]);
    assert_eq!(try_once(&store, &server, 1, false).await, [(DigestState::Permanent, 1, 0)]);
    assert_eq!(try_once(&store, &server, 2, false).await, []);
    let log: Vec<String> = store
        .audit()
        .map(Result::unwrap)
        .filter(|row| row.subject == digest_subject(&id))
        .map(|row| row.action)
        .collect();
    assert_eq!(log, ["digest.composed", "digest.permanent"]);
}

#[tokio::test]
async fn with_the_outbox_as_transport_a_mail_in_place_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, id) = one_list(folder.path()).await;
    let mailer = Mailer::Folder(store.data().join(crate::outbox::queue::OUTBOX_DIR));
    let clock = Clock::starting_at(at(1));
    let tried = send_due(&store, &mailer, FROM, &clock, false, &[]).await.unwrap();
    assert_eq!((tried[0].id.as_str(), tried[0].state), (id.as_str(), DigestState::Sent));
    assert!(tried[0].sent_at.is_some());
}
