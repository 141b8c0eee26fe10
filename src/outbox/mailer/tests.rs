//! A mail server on the loopback that does what a script says, and what must be told of it.

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use super::*;

const MAIL: Mail<'static> = Mail {
    file_name: "2026-12-05-shijian-0.eml",
    from: "patrol@example.gov.cn",
    to: "shijian@example.gov.cn",
    bytes: b"Subject: x\r\n\r\n.a line with a dot\r\n..two\r\nlast\r\n",
};

/// Where the server does something else than usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Greeting,
    Ehlo,
    Auth,
    From,
    To,
    Data,
    Message,
    Never,
}

/// And what.
#[derive(Clone, Copy, Debug)]
enum Does {
    Say(&'static str),
    Drop,
    Hang,
}

/// Serves one connection; gives back what it got as a message.
fn server(at: At, does: Does, extensions: &'static str) -> (u16, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (got, messages) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let _ = serve(BufReader::new(stream), at, does, extensions, &got);
    });
    (port, messages)
}

fn serve<S: Read + Write>(
    mut lines: BufReader<S>,
    at: At,
    does: Does,
    extensions: &str,
    got: &mpsc::Sender<Vec<u8>>,
) -> std::io::Result<()> {
    // False: the connection is over.
    let answer = |out: &mut S, stage: At, usual: &str| -> std::io::Result<bool> {
        match does {
            _ if stage != at => out.write_all(format!("{usual}\r\n").as_bytes())?,
            Does::Say("") => {}
            Does::Say(words) => out.write_all(format!("{words}\r\n").as_bytes())?,
            Does::Drop => return Ok(false),
            Does::Hang => thread::sleep(Duration::from_secs(5)),
        }
        out.flush()?;
        Ok(true)
    };
    if !answer(lines.get_mut(), At::Greeting, "220 mail.example.test")? {
        return Ok(());
    }
    let mut line = String::new();
    while {
        line.clear();
        lines.read_line(&mut line)?
    } > 0
    {
        let word = line.split([' ', ':', '\r']).next().unwrap_or_default().to_owned();
        let goes_on = match word.as_str() {
            "EHLO" => answer(lines.get_mut(), At::Ehlo, &format!("250-mail.example.test\r\n{extensions}250 SIZE"))?,
            "AUTH" => answer(lines.get_mut(), At::Auth, "235 ok")?,
            "MAIL" => answer(lines.get_mut(), At::From, "250 ok")?,
            "RCPT" => answer(lines.get_mut(), At::To, "250 ok")?,
            "DATA" => {
                let goes_on = answer(lines.get_mut(), At::Data, "354 go on")?;
                if goes_on && (at != At::Data) {
                    let mut message = Vec::new();
                    loop {
                        let before = message.len();
                        if lines.read_until(b'\n', &mut message)? == 0 || message[before..] == *b".\r\n" {
                            message.truncate(before);
                            break;
                        }
                        if message[before] == b'.' {
                            message.remove(before);
                        }
                    }
                    let _ = got.send(message);
                    answer(lines.get_mut(), At::Message, "250 2.0.0 queued as 1")?
                } else {
                    goes_on
                }
            }
            "QUIT" => {
                let _ = answer(lines.get_mut(), At::Never, "221 bye");
                false
            }
            _ => answer(lines.get_mut(), At::Never, "500 what")?,
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// A server with a certificate of a root that only the test knows: TLS at once, or after STARTTLS. Gives back that root.
fn tls_server(wrapper: bool) -> (u16, Vec<u8>, mpsc::Receiver<Vec<u8>>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (got, messages) = mpsc::channel();
    thread::spawn(move || -> std::io::Result<()> {
        let mut stream = listener.accept()?.0;
        if !wrapper {
            let mut plain = BufReader::new(stream);
            let mut line = String::new();
            for answer in ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"] {
                plain.get_mut().write_all(answer.as_bytes())?;
                if !answer.contains("go") {
                    plain.read_line(&mut line)?;
                }
            }
            stream = plain.into_inner();
        }
        let connection = rustls::ServerConnection::new(config.into()).expect("a sound configuration");
        let secured = BufReader::new(rustls::StreamOwned::new(connection, stream));
        // After STARTTLS the client speaks first.
        let (at, does) = if wrapper { (At::Never, Does::Drop) } else { (At::Greeting, Does::Say("")) };
        serve(secured, at, does, "", &got)
    });
    (port, made.cert.pem().into_bytes(), messages)
}

fn settings(port: u16) -> SmtpSettings {
    let second = Duration::from_millis(400);
    SmtpSettings { step: second, last_word: second, ..SmtpSettings::new("127.0.0.1", port, MailTls::None) }
}

fn send(settings: SmtpSettings, mail: Mail<'_>) -> (Outcome, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let recorded = Cell::new(false);
    let mailer = Mailer::smtp(settings).unwrap();
    let outcome = runtime.block_on(mailer.send(mail, || async {
        recorded.set(true);
        Ok::<(), String>(())
    }));
    (outcome, recorded.get())
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Temporary { .. } => "temporary",
        Outcome::Permanent { .. } => "permanent",
        Outcome::Unknown { .. } => "unknown",
    }
}

#[test]
fn every_stage_has_its_outcome_and_the_attempt_is_recorded_before_data() {
    use At::*;
    use Does::*;
    // where, what, the outcome, whether the attempt had been recorded
    let table = [
        (Never, Drop, "accepted", true),
        (Greeting, Say("554 go away"), "temporary", false),
        (Greeting, Say("421 busy"), "temporary", false),
        (Greeting, Drop, "temporary", false),
        (Greeting, Hang, "temporary", false),
        (Greeting, Say("not a mail server"), "temporary", false),
        (Ehlo, Say("502 no"), "temporary", false),
        (Ehlo, Drop, "temporary", false),
        (From, Say("451 later"), "temporary", false),
        (From, Say("550 never"), "permanent", false),
        (From, Drop, "temporary", false),
        (To, Say("450 greylisted"), "temporary", false),
        (To, Say("550 no such user"), "permanent", false),
        (To, Drop, "temporary", false),
        (To, Hang, "temporary", false),
        (Data, Say("451 later"), "temporary", true),
        (Data, Say("554 no"), "permanent", true),
        (Data, Say("250 what"), "temporary", true),
        (Data, Drop, "unknown", true),
        (Data, Hang, "unknown", true),
        (Message, Say("452 full"), "temporary", true),
        (Message, Say("554 spam"), "permanent", true),
        (Message, Say("354 what"), "unknown", true),
        (Message, Drop, "unknown", true),
        (Message, Hang, "unknown", true),
    ];
    let checks = table.map(|(at, does, expected, expected_recorded)| {
        thread::spawn(move || {
            let (port, _messages) = server(at, does, "");
            let (outcome, recorded) = send(settings(port), MAIL);
            assert_eq!((kind(&outcome), recorded), (expected, expected_recorded), "{at:?} {does:?}: {outcome:?}");
        })
    });
    checks.into_iter().for_each(|check| check.join().unwrap());
}

#[test]
fn the_server_gets_the_stored_bytes_and_nothing_else() {
    let (port, messages) = server(At::Never, Does::Drop, "");
    let (outcome, _) = send(settings(port), MAIL);
    let Outcome::Accepted { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.contains("queued as 1"), "{reply}");
    assert_eq!(messages.recv().unwrap(), MAIL.bytes);
}

#[test]
fn a_refused_connection_is_temporary_and_names_the_server() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (outcome, recorded) = send(settings(port), MAIL);
    let Outcome::Temporary { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains(&format!("127.0.0.1:{port}")) && !recorded, "{why}");
}

#[test]
fn nothing_is_sent_when_the_attempt_cannot_be_recorded() {
    let (port, messages) = server(At::Never, Does::Drop, "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mailer = Mailer::smtp(settings(port)).unwrap();
    let outcome = runtime.block_on(mailer.send(MAIL, || async { Err("磁盘已满") }));
    assert_eq!(kind(&outcome), "temporary");
    assert!(messages.recv().is_err());
}

#[test]
fn the_whole_attempt_has_a_deadline() {
    let (port, _messages) = server(At::To, Does::Hang, "");
    let slow = SmtpSettings { step: Duration::from_secs(60), deadline: Duration::from_millis(300), ..settings(port) };
    assert_eq!(kind(&send(slow, MAIL).0), "temporary");
    let (port, _messages) = server(At::Message, Does::Hang, "");
    let slow =
        SmtpSettings { last_word: Duration::from_secs(60), deadline: Duration::from_millis(300), ..settings(port) };
    assert_eq!(kind(&send(slow, MAIL).0), "unknown");
}

#[test]
fn an_address_the_server_cannot_take_is_permanent() {
    let cases = [("证书@example.gov.cn", ""), ("not an address", ""), ("a@b.test>\r\nRCPT TO:<x@y.test", "")];
    for (to, extensions) in cases {
        let (port, _messages) = server(At::Never, Does::Drop, extensions);
        assert_eq!(kind(&send(settings(port), Mail { to, ..MAIL }).0), "permanent", "{to}");
    }
    let (port, _messages) = server(At::Never, Does::Drop, "250-SMTPUTF8\r\n");
    assert_eq!(kind(&send(settings(port), Mail { to: "证书@example.gov.cn", ..MAIL }).0), "accepted");
}

#[test]
fn without_starttls_nothing_is_sent_where_it_is_required() {
    let (port, messages) = server(At::Never, Does::Drop, "");
    let required = SmtpSettings { tls: MailTls::Required, ..settings(port) };
    let (outcome, _) = send(required, MAIL);
    assert!(matches!(&outcome, Outcome::Temporary { why } if why.contains("STARTTLS")), "{outcome:?}");
    assert!(messages.recv().is_err());
}

#[test]
fn tls_is_trusted_only_through_the_extra_root() {
    for (wrapper, tls) in [(true, MailTls::Wrapper), (false, MailTls::Required)] {
        for trusted in [true, false] {
            let (port, root, messages) = tls_server(wrapper);
            let secured = SmtpSettings {
                host: "localhost".to_owned(),
                tls,
                ca_pem: trusted.then_some(root),
                step: Duration::from_secs(5),
                ..settings(port)
            };
            let (outcome, recorded) = send(secured, MAIL);
            let expected = if trusted { "accepted" } else { "temporary" };
            assert_eq!((kind(&outcome), recorded), (expected, trusted), "{tls:?}: {outcome:?}");
            assert_eq!(messages.recv().ok().is_some_and(|message| message == MAIL.bytes), trusted);
        }
    }
}

#[test]
fn a_wrong_password_is_temporary_because_it_is_ours() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "geheim-made-up\n").unwrap();
    let login = Login::from_file("patrol".to_owned(), file).unwrap();
    assert!(!format!("{login:?}").contains("geheim"));
    for (does, expected) in [(Does::Say("535 wrong"), "temporary"), (Does::Say("235 ok"), "accepted")] {
        let (port, _messages) = server(At::Auth, does, "250-AUTH PLAIN LOGIN\r\n");
        let with_login = SmtpSettings { login: Some(login.clone()), ..settings(port) };
        let (outcome, _) = send(with_login, MAIL);
        assert_eq!(kind(&outcome), expected, "{outcome:?}");
        assert!(!format!("{outcome:?}").contains("geheim"));
    }
    assert!(matches!(Login::from_file("x".to_owned(), dir.path().join("none")), Err(MailerError::Password { .. })));
}

#[test]
fn extra_roots_that_are_no_certificates_are_refused_at_once() {
    let bad = SmtpSettings {
        ca_pem: Some(b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n".to_vec()),
        ..SmtpSettings::new("mail.example.test", 465, MailTls::Wrapper)
    };
    assert!(matches!(Mailer::smtp(bad), Err(MailerError::Tls { .. })));
}

#[test]
fn the_folder_has_the_whole_file_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("outbox");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mailer = Mailer::Folder(folder.clone());
    let send = |mail| runtime.block_on(mailer.send(mail, || async { Ok::<(), String>(()) }));
    assert_eq!(kind(&send(MAIL)), "accepted");
    assert_eq!(kind(&send(MAIL)), "accepted", "the same again changes nothing");
    assert_eq!(std::fs::read(folder.join(MAIL.file_name)).unwrap(), MAIL.bytes);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no temporary file stays");
    for file_name in ["../x.eml", "", ".hidden", "a/b.eml", "a\0.eml"] {
        assert_eq!(kind(&send(Mail { file_name, ..MAIL })), "permanent", "{file_name:?}");
    }
    let blocked = Mailer::Folder(folder.join(MAIL.file_name));
    assert_eq!(kind(&runtime.block_on(blocked.send(MAIL, || async { Ok::<(), String>(()) }))), "temporary");
}
