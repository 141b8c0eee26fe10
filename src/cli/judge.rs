//! `judge`: NDJSON pages in, NDJSON verdicts out, in input order, on all cores.
//!
//! One thread reads, some judge, this one writes: each line's answer is awaited in the order of the lines and flushed as soon as
//! no later one is waiting, so a single line typed by a person is answered at once. What is in flight is bounded in bytes.

use std::{
    io::{BufReader, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    thread,
};

use super::{
    Context, Exit,
    judging::Judging,
    lines::{self, Line, Lines, MAX_LINE},
    out::OutError,
};

/// 判断一批网页：每行一个网页（JSON）进，每行一个结论出，不联网、不读存储
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// file 和 images 里的路径从这个目录算起，不能走出去；不写就是当前目录
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// 结论里带上网页的可见文字（text），at 的位置按它数
    #[arg(long)]
    text: bool,
}

const EXAMPLES: &str = r#"每行写 {"id": 任意, "url": 网址, "html": 网页源码}，或用 "file" 代替 "html" 指明文件；
还可写 "charset"（HTTP 头里的编码）、"images"（页面上的图片，读其中的二维码）、"final_url"（跳转后的网址）。
读不懂的一行在原位置输出 {"error": …, "line": 行号}，其余照常，退出码为 1。

例子：
  jianzheng judge < 网页.ndjson > 结论.ndjson
  jianzheng judge --root 网页目录 --text < 网页.ndjson
  echo '{"id":1,"url":"http://www.shili.example/","html":"<p>低压电工证免考拿证"}' | jianzheng judge"#;

/// Lines in flight: enough to keep all cores busy behind one long page.
const LINES: usize = 256;
/// Bytes of lines in flight; one line may have more.
const BYTES: usize = 64 << 20;

type Answer = Result<Vec<u8>, String>;

/// A line on its way through: its number, and where its answer will come.
type Place = (u64, usize, mpsc::Receiver<Answer>);

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let program = context.load()?;
    let root = context.cwd.join(args.root.as_deref().unwrap_or(".".as_ref()));
    let judging = Judging { thresholds: program.thresholds(), rules: program.rules, root, text: args.text };
    let input = Lines::new(BufReader::with_capacity(256 << 10, std::io::stdin()));
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let clean = stream(judging, input, std::io::stdout().lock(), threads)?;
    Ok(Exit::when(clean))
}

/// Whether every line was read.
fn stream<R>(judging: Judging, input: Lines<R>, mut out: impl Write, threads: usize) -> Result<bool, OutError>
where
    R: std::io::BufRead + Send + 'static,
{
    let judging = Arc::new(judging);
    let room = Arc::new(Room::default());
    let (work, jobs) = mpsc::channel::<(Vec<u8>, mpsc::SyncSender<Answer>)>();
    let (order, places) = mpsc::sync_channel::<Place>(LINES);
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..threads {
        let (jobs, judging) = (jobs.clone(), judging.clone());
        // Threads are not joined: when the writer gives up, the process ends, and a reader may wait for ever.
        thread::spawn(move || {
            loop {
                let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((line, answer)) = job else { return };
                // Nobody waits any more where the writer gave up.
                let _ = answer.send(safely(&judging, &line));
            }
        });
    }
    let reading = room.clone();
    thread::spawn(move || read(input, &reading, &work, &order));
    let mut clean = true;
    let mut next = places.recv().ok();
    while let Some((number, bytes, answer)) = next {
        match answer.recv().unwrap_or_else(|_| Err("判断中断".to_owned())) {
            Ok(json) => out.write_all(&json)?,
            Err(say) => {
                clean = false;
                out.write_all(error_line(&say, number).as_bytes())?;
            }
        }
        out.write_all(b"\n")?;
        room.leave(bytes);
        next = match places.try_recv() {
            Ok(place) => Some(place),
            Err(_) => {
                out.flush()?;
                places.recv().ok()
            }
        };
    }
    out.flush()?;
    Ok(clean)
}

/// Reads lines and sends each to the judges and, in order, to the writer.
fn read<R: std::io::BufRead>(
    mut input: Lines<R>,
    room: &Room,
    work: &mpsc::Sender<(Vec<u8>, mpsc::SyncSender<Answer>)>,
    order: &mpsc::SyncSender<Place>,
) {
    loop {
        let mut line = Vec::new();
        let read = input.next(&mut line, MAX_LINE);
        let wrong = match read {
            Ok(None) => return,
            Ok(Some(Line::Whole)) if lines::is_blank(&line) => continue,
            Ok(Some(Line::Whole)) => None,
            Ok(Some(Line::TooLong)) => Some("这一行超过 32 MiB，没有读".to_owned()),
            Err(ref error) => Some(format!("输入读不下去：{error}")),
        };
        let number = input.number() + u64::from(read.is_err());
        let bytes = line.len();
        let (answer, answers) = mpsc::sync_channel(1);
        room.enter(bytes);
        match wrong {
            None => {
                if work.send((line, answer)).is_err() {
                    return;
                }
            }
            // The channel holds one, so this does not wait.
            Some(say) => drop(answer.send(Err(say))),
        }
        if order.send((number, bytes, answers)).is_err() || read.is_err() {
            return;
        }
    }
}

/// Judges a line. Core promises not to panic on any page; a stream of a hundred thousand must not end where it is wrong.
fn safely(judging: &Judging, line: &[u8]) -> Answer {
    catch_unwind(AssertUnwindSafe(|| judging.line(line))).unwrap_or_else(|_| Err("判断这一页时程序出错".to_owned()))
}

fn error_line(say: &str, number: u64) -> String {
    serde_json::json!({ "error": say, "line": number }).to_string()
}

/// Room for lines in flight, in bytes.
#[derive(Default)]
struct Room {
    taken: Mutex<usize>,
    left: Condvar,
}

impl Room {
    /// Waits until the bytes fit; a line larger than the room goes alone.
    fn enter(&self, bytes: usize) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |taken: &mut usize| *taken > 0 && *taken + bytes > BYTES;
        *self.left.wait_while(taken, full).unwrap_or_else(PoisonError::into_inner) += bytes;
    }

    fn leave(&self, bytes: usize) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) -= bytes;
        self.left.notify_all();
    }
}
