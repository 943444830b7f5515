//! Every message is there in every language, with the same arguments, and none is there for nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey},
    parser,
};
use purser::{pages::words::Language, problem::Kind};

/// The arguments of each message of a language.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    each_message(language, |name, value| {
        let mut arguments = BTreeSet::new();
        pattern(value, &mut arguments);
        assert!(found.insert(name.to_owned(), arguments).is_none(), "{name} is there twice");
    });
    found
}

/// Looks at each message of a language: its name, and what it says.
fn each_message(language: Language, mut look: impl FnMut(&str, &Pattern<&str>)) {
    for file in files(&root().join("locales").join(language.code()), "ftl") {
        let text = fs::read_to_string(&file).unwrap();
        let resource = parser::parse(text.as_str())
            .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", file.display()));
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let value = message.value.unwrap_or_else(|| panic!("{} says nothing", message.id.name));
            look(message.id.name, &value);
        }
    }
}

/// The forms that a plural has in a language (CLDR), without those that amounts here never take: a number of days is
/// no fraction, and none at all may be said like any other.
fn plural_forms(language: Language) -> &'static [&'static str] {
    match language {
        Language::English | Language::German => &["one", "other"],
        Language::Japanese => &["other"],
        Language::Arabic => &["one", "two", "few", "many", "other"],
    }
}

fn pattern(pattern: &Pattern<&str>, arguments: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            expression_of(expression, arguments);
        }
    }
}

fn expression_of(expression: &Expression<&str>, arguments: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => inline_of(inline, arguments),
        Expression::Select { selector, variants } => {
            inline_of(selector, arguments);
            variants.iter().for_each(|variant| pattern(&variant.value, arguments));
        }
    }
}

fn inline_of(inline: &InlineExpression<&str>, arguments: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            arguments.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => expression_of(expression, arguments),
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        other => panic!("messages are put together from arguments only: {other:?}"),
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything of the pages that can say something. Comments say nothing to a reader.
fn sources() -> String {
    let read = |files: Vec<PathBuf>| {
        let mut said = String::new();
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            lines.for_each(|line| said.extend([line, "\n"]));
        }
        said
    };
    let templates = read(files(&root().join("templates"), "html"));
    let code = read(files(&root().join("src/pages"), "rs"));
    format!("{code}\n{templates}")
}

/// A template with the parts that it includes.
fn whole(template: &Path) -> String {
    let own = fs::read_to_string(template).unwrap();
    let parts = own.split("{% include \"").skip(1).filter_map(|rest| rest.split('"').next());
    let parts = parts.map(|part| whole(&root().join("templates").join(part)));
    let parts: String = parts.collect();
    own + &parts
}

/// What is looked for on a page is found there, or not: it is never wrong.
const SOUGHT: &str = "find";

/// The name of the message about each input that somebody fills in, of the pages that say what is wrong with one. A box
/// of `fields::check` is ticked or not, and never wrong either.
fn inputs() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for template in files(&root().join("templates"), "html") {
        let text = whole(&template);
        if !text.contains("faults.any()") {
            continue;
        }
        let by_macro = ["field::input(faults,", "fields::text(faults,"];
        found.extend(by_macro.iter().flat_map(|call| called(&text, call)).map(str::to_owned));
        let tags =
            ["<input ", "<select ", "<textarea "].iter().flat_map(|tag| text.split(tag).skip(1));
        for tag in tags.filter_map(|rest| rest.split('>').next()) {
            let name = called(tag, "name=").next().filter(|name| !name.contains('{'));
            if let Some(name) = name.filter(|_| !tag.contains("type=\"hidden\"")) {
                found.insert(name.trim_end_matches("[]").to_owned());
            }
        }
    }
    found.remove(SOUGHT);
    found.iter().map(|name| format!("wrong-{}", name.replace('.', "-"))).collect()
}

/// The literals that stand as the first argument of a call.
fn called<'s>(source: &'s str, call: &'s str) -> impl Iterator<Item = &'s str> {
    let calls = source.split(call).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
    calls.filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_language_has_every_message_with_the_same_arguments() {
    let english = messages(Language::English);
    assert!(english.len() > 100);
    for language in Language::ALL {
        let own = messages(language);
        for (name, arguments) in &english {
            let found = own.get(name);
            assert_eq!(found, Some(arguments), "{name} in {}", language.name());
        }
        let more: Vec<_> = own.keys().filter(|name| !english.contains_key(*name)).collect();
        assert!(more.is_empty(), "not in English: {more:?}");
    }
}

#[test]
fn nothing_is_said_that_is_not_there() {
    let english = messages(Language::English);
    let all = sources();
    let missing: BTreeSet<_> = [".t(", ".say(", "Flash::good(", "Flash::bad("]
        .iter()
        .flat_map(|call| called(&all, call))
        .filter(|name| !name.contains(['.', '{']) && !english.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for kind in Kind::all() {
        for name in [format!("problem-{}", kind.name()), format!("problem-{}-cure", kind.name())] {
            assert!(english.contains_key(&name), "{name}");
        }
    }
    for stem in called(&all, ".named(") {
        let there = english.keys().any(|name| name.starts_with(&format!("{stem}-")));
        assert!(there, "no message begins with {stem}-");
    }
}

#[test]
fn no_message_is_there_for_nothing() {
    let all = sources();
    let stems: Vec<String> = called(&all, ".named(").map(|stem| format!("{stem}-")).collect();
    let literal = |name: &str| all.contains(&format!("\"{name}\""));
    let inputs = inputs();
    let unused: Vec<_> = messages(Language::English)
        .into_keys()
        .filter(|name| !literal(name) && !inputs.contains(name))
        .filter(|name| !stems.iter().any(|stem| name.starts_with(stem)))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn what_is_wrong_with_an_input_is_said_in_the_words_of_the_reader() {
    let (english, inputs) = (messages(Language::English), inputs());
    assert!(inputs.len() > 60, "{inputs:?}");
    let missing: Vec<_> = inputs.iter().filter(|name| !english.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_plural_has_every_form_that_its_language_knows() {
    for language in Language::ALL {
        each_message(language, |name, value| {
            for element in &value.elements {
                let PatternElement::Placeable { expression: Expression::Select { variants, .. } } =
                    element
                else {
                    continue;
                };
                let forms: Vec<&str> = variants
                    .iter()
                    .map(|variant| match &variant.key {
                        VariantKey::Identifier { name } => *name,
                        VariantKey::NumberLiteral { value } => *value,
                    })
                    .collect();
                let missing = plural_forms(language).iter().find(|form| !forms.contains(form));
                assert_eq!(missing, None, "{name} in {}", language.name());
            }
        });
    }
}

/// What was once called by two names, and the one that stays.
#[test]
fn a_thing_has_one_name_in_a_language() {
    let check = |language: Language, other: &str, of: &dyn Fn(&str) -> bool| {
        let folder = root().join("locales").join(language.code());
        for file in files(&folder, "ftl") {
            let text = fs::read_to_string(&file).unwrap();
            let found = text.lines().find(|line| of(line) && line.contains(other));
            assert_eq!(found, None, "{}", file.display());
        }
    };
    // The tax authority is الجهة الضريبية.
    check(Language::Arabic, "سلط", &|_| true);
    // A plugin is ملحق, and a batch of cards مجموعة: دفعة is a payout.
    check(Language::Arabic, "الإضاف", &|_| true);
    check(Language::Arabic, "دفعة", &|line| {
        line.split(" = ").next().unwrap().contains("batch")
    });
    check(Language::German, "Arbeitsfläche", &|_| true);
    // A merchant's payout is 出金; 支払い is what buyers do.
    check(Language::Japanese, "支払い", &|line| {
        line.split(" = ").next().unwrap().contains("payout")
    });
}

#[test]
fn translations_are_no_copies_of_the_english() {
    let text = |language: Language| {
        let files = files(&root().join("locales").join(language.code()), "ftl");
        let lines = files.iter().flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let long = |line: &&str| line.split(" = ").nth(1).is_some_and(|said| said.len() > 20);
            text.lines().filter(long).map(str::to_owned).collect::<Vec<_>>()
        });
        lines.collect::<BTreeSet<String>>()
    };
    let english = text(Language::English);
    for language in [Language::German, Language::Japanese, Language::Arabic] {
        let copied: Vec<_> = text(language).intersection(&english).cloned().collect();
        assert!(copied.is_empty(), "{}: {copied:?}", language.name());
    }
}
