//! html5lib's inputs for tree builders through both lanes: nothing panics, nothing grows, and the text is that of the tree.
//!
//! What tree is right is html5ever's matter and not tested here.

use jianzheng_core::page::{self, Caps, Extract, Limit, tree};
use scraper::{Html, Node};
use url::Url;

/// The inputs of a file: from `#data` to `#errors`. Whether they are whole documents, and whether the standard finds no error in
/// them.
fn inputs(text: &str) -> Vec<(String, bool, bool)> {
    let mut found = Vec::new();
    for case in format!("\n{text}").split("\n#data\n").skip(1) {
        let Some((input, rest)) = case.split_once("#errors") else { panic!("no errors in {case:?}") };
        let errors = rest.split("#document").next().unwrap_or_default();
        let well_formed = !errors.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let fragment = rest.contains("#document-fragment");
        found.push((input.strip_suffix('\n').unwrap_or(input).to_owned(), !fragment, well_formed));
    }
    found
}

fn all() -> Vec<(String, String, bool, bool)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/html5lib/tree-construction");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut found = Vec::new();
    for path in files {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (number, (input, whole, well_formed)) in inputs(&text).into_iter().enumerate() {
            found.push((format!("{name} {number}"), input, whole, well_formed));
        }
    }
    assert!(found.len() > 1_600, "{} inputs", found.len());
    found
}

fn lanes(input: &str) -> [Extract; 2] {
    let tokens = page::read_text(input, None);
    let tree = page::read_again(input.as_bytes(), Some("utf-8"), None, &tokens);
    [tokens, tree]
}

/// Everything that an extract holds of a page, in bytes.
fn size(extract: &Extract) -> usize {
    let forms = extract.forms.iter().flat_map(|f| &f.fields).map(|f| f.name.len() + f.label.len());
    let words = extract.hidden.iter().map(|h| h.text.len()).chain(extract.links.iter().map(|l| l.href.len()));
    extract.text.len()
        + words.chain(forms).sum::<usize>()
        + extract.images.iter().map(|i| i.src.len() + i.alt.len()).sum::<usize>()
        + extract.meta.iter().map(|(name, content)| name.len() + content.len()).sum::<usize>()
        + [&extract.resources, &extract.frames, &extract.redirects]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>()
}

#[test]
fn no_input_of_a_tree_builder_makes_a_page_larger_than_itself() {
    for (name, input, ..) in all() {
        for extract in lanes(&input) {
            // A reference is at most doubled, a NUL becomes three bytes.
            assert!(size(&extract) <= 3 * input.len() + 16, "{name}: {} of {}: {input:?}", size(&extract), input.len());
            assert!(extract.blocks.iter().all(|block| extract.text.get(block.at.clone()).is_some()), "{name}");
            assert!(extract.links.iter().all(|link| extract.text.get(link.at.clone()).is_some()), "{name}");
        }
    }
}

#[test]
fn a_long_base_is_not_multiplied_by_the_links() {
    let base = |length: usize| format!("http://a.example/{}/", "a".repeat(length));
    let page = |base: &str| format!("<base href='{base}'>{}", "<a href=x>链</a><img src=y>".repeat(2_000));
    for extract in lanes(&page(&base(100_000))) {
        assert!(size(&extract) < 200_000, "{}", size(&extract));
        assert_eq!(extract.links[0].href, "x");
    }
    for extract in lanes(&page(&base(1_000))) {
        assert_eq!(extract.links[1_999].href, base(1_000) + "x");
    }
}

#[test]
fn a_long_address_of_the_page_is_not_multiplied_either() {
    let url = Url::parse(&format!("http://a.example/{}/", "a".repeat(60_000))).unwrap();
    let html = "<a href=x>链</a><img src=y><a href=/z>末</a>".repeat(500);
    for extract in [
        page::read_text(&html, Some(&url)),
        page::read_again(html.as_bytes(), None, Some(&url), &page::read_text(&html, Some(&url))),
    ] {
        assert!(size(&extract) < 100_000, "{}", size(&extract));
        assert_eq!(extract.links[1].href, "http://a.example/z");
    }
}

#[test]
fn a_page_that_leads_on_without_end_is_cut() {
    let html = format!("<base href='http://a.example/{}/'>", "a".repeat(4_000))
        + &"<meta http-equiv=refresh content='0;url=b'><script>location.href='c'</script>".repeat(5_000);
    for extract in lanes(&html) {
        assert!(extract.redirects.len() <= Caps::default().parts, "{}", extract.redirects.len());
        assert!(extract.limits.contains(&Limit::Parts));
    }
}

#[test]
fn signs_that_grow_by_their_coding_make_no_address_longer_than_one_may_be() {
    let html =
        format!("<img src='{0}'><iframe src='{0}'></iframe><form action='{0}'></form>", "ก".repeat(2_000)).repeat(50);
    for extract in lanes(&html) {
        assert!(size(&extract) < 100_000, "{}", size(&extract));
        assert!(extract.limits.contains(&Limit::Parts), "what is left out is said");
    }
}

#[test]
fn the_same_inputs_by_the_thousand_stay_within_the_caps_of_trees() {
    for (name, input, ..) in all() {
        let many = input.repeat(4_000 / input.len().max(1));
        let nodes = tree::parse(&many).tree.nodes().count();
        // Each tag makes an element and copies of those formatting elements that were left open, which are capped.
        assert!(nodes <= 64 * (many.len() + 16), "{name}: {nodes} nodes of {} bytes", many.len());
        for extract in lanes(&many) {
            assert!(size(&extract) <= 3 * many.len() + 16, "{name}: {} of {}", size(&extract), many.len());
        }
    }
}

/// The words of a tree that a reader sees, the first title before all; without white space and NULs, of which browsers make different
/// things in different places.
fn words(input: &str) -> String {
    let html = Html::parse_document(&tree::capped(input));
    let (mut title, mut rest) = (None, String::new());
    for node in html.tree.root().descendants() {
        let Node::Text(text) = node.value() else { continue };
        let around = || node.ancestors().filter_map(|n| n.value().as_element());
        let within = |names: &[&str]| around().any(|e| names.contains(&e.name()));
        let unseen = ["script", "style", "template", "noscript", "noframes", "noembed", "iframe"];
        if within(&unseen) || around().any(|e| e.attr("hidden").is_some()) {
            continue;
        }
        let in_title = around().next().is_some_and(|e| e.name() == "title") && !within(&["svg", "math"]);
        match in_title {
            true if title.is_none() => title = Some(text.to_string()),
            true => {}
            false => rest.push_str(text),
        }
    }
    plain(&(title.unwrap_or_default() + &rest))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace() && !matches!(c, '\0' | '\u{FFFD}')).collect()
}

#[test]
fn the_second_lane_reads_the_words_of_the_tree_and_the_first_those_of_a_well_formed_one() {
    // What the first lane states differently: svg is foreign to its very end, and HTML that is put into it again is not looked for.
    const FOREIGN: &str = "<svg><foreignObject><div>foo</div><plaintext></foreignObject></svg><div>bar</div>";
    let (mut trees, mut tokens) = (Vec::new(), Vec::new());
    let (mut all_pages, mut well) = (0, 0);
    for (name, input, whole, well_formed) in all() {
        // The words on a button of this kind are no text of the tree.
        if !whole || input.contains("<input") {
            continue;
        }
        let wanted = words(&input);
        let [one, other] = lanes(&input).map(|extract| plain(&extract.text));
        all_pages += 1;
        if other != wanted {
            trees.push(format!("{name}: {input:?}\n  wanted {wanted:?}\n  seen   {other:?}"));
        }
        if well_formed {
            well += 1;
            if one != wanted && input != FOREIGN {
                tokens.push(format!("{name}: {input:?}\n  wanted {wanted:?}\n  seen   {one:?}"));
            }
        }
    }
    println!("{all_pages} pages, {well} of them well formed");
    assert!(trees.is_empty(), "the second lane, {} of {all_pages}:\n{}", trees.len(), trees.join("\n"));
    assert!(tokens.is_empty(), "the first lane, {} of {well}:\n{}", tokens.len(), tokens.join("\n"));
    assert!(all_pages > 1_000 && well > 100, "{all_pages} pages, {well} well formed");
}
