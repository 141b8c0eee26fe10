//! What protected sites look like: one record a host and address. Start at [`Tx::put_baseline`].

use super::{
    Store, StoreError,
    list::Listing,
    record::{Baseline, Record as _},
    tables::digest_key,
    tx::Tx,
};

impl Tx<'_> {
    /// Keeps a baseline, in the place of the earlier one of the same host and address; gives its number.
    pub fn put_baseline(&mut self, mut baseline: Baseline) -> Result<u64, StoreError> {
        let key = key(&baseline.host, &baseline.url);
        baseline.id = match self.record::<Baseline>(&key)? {
            Some(before) => before.id,
            None => self.next_id("baseline")?,
        };
        self.put_record(&key, &baseline)?;
        Ok(baseline.id)
    }

    /// Takes the baseline of a host and address away; its number is not given again.
    pub fn delete_baseline(&mut self, host: &str, url: &str) {
        self.delete_row(Baseline::TABLE, &key(host, url));
    }
}

fn key(host: &str, url: &str) -> [u8; 32] {
    digest_key(&format!("{host}\n{url}"))
}

impl Store {
    /// All baselines, in no order.
    pub fn baselines(&self) -> Listing<Baseline> {
        self.listing(&[])
    }
}

#[cfg(test)]
mod tests {
    use jianzheng_core::likeness::{self, Picture, Prints};
    use jianzheng_core::page::read_text;

    use super::*;
    use crate::store::record::samples;
    use crate::store::{Changes, tests::open};

    #[tokio::test]
    async fn a_page_captured_again_takes_the_place_of_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let first = Baseline { id: 0, ..samples::baseline() };
        let again = Baseline { title: "改版以后".to_owned(), ..first.clone() };
        let other = Baseline { url: "http://cx.mem.gov.cn/zs".to_owned(), ..first.clone() };
        let mut ids = Vec::new();
        for baseline in [first, other, again] {
            let mut changes = Changes::new();
            changes.put_baseline(baseline);
            ids.extend(store.commit(changes).await.unwrap().ids);
        }
        assert_eq!(ids, [1, 2, 1]);
        let mut kept: Vec<Baseline> = store.baselines().collect::<Result<_, _>>().unwrap();
        kept.sort_by_key(|baseline| baseline.id);
        assert_eq!(
            kept.iter().map(|one| (one.id, one.title.as_str())).collect::<Vec<_>>(),
            [(1, "改版以后"), (2, "特种作业操作证查询平台")]
        );
        let inner = kept[0].to_compare().unwrap();
        assert_eq!((inner.prints.text, inner.pictures[0].look), (Some(0x0123_4567_89AB_CDEF), 255));
    }

    /// Everything at its cap, spelt as dearly as it can be.
    #[tokio::test]
    async fn the_largest_baseline_there_can_be_is_kept() {
        let mut html = format!("<title>{}</title>", "\"\\\u{1}国".repeat(2_000));
        for n in 0..400 {
            html += &format!("<script src='/{}{n}.js'></script><form>", "𠀀".repeat(14));
            html += &(0..40).map(|f| format!("<input name='{f}{}'>", "𠀀".repeat(60))).collect::<String>();
            html += &format!("</form><p>第{n}条{}</p>", "字句很多".repeat(n));
        }
        let prints = Prints::of(&read_text(&html, None));
        assert!(prints.sample.len() == 128 && prints.files.len() == 40 && !prints.forms.is_empty());
        let picture = Picture { kind: likeness::PictureKind::Image, look: u64::MAX, url: "\\".repeat(9_000) };
        let what = likeness::Baseline {
            host: "a.gov.cn".to_owned(),
            url: "\\".repeat(9_000),
            prints,
            pictures: vec![picture; 99],
        };
        let time = samples::baseline().captured;
        let baseline = Baseline::new(what, &"\u{1}".repeat(900), "应急管理部", time, &"\u{1}".repeat(900));
        let folder = tempfile::tempdir().unwrap();
        let mut changes = Changes::new();
        changes.put_baseline(baseline);
        open(folder.path()).commit(changes).await.unwrap();
    }
}
