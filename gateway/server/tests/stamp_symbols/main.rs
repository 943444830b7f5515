//! Decoders that nobody here wrote read our symbols byte for byte: zxing-cpp and libdmtx, from the PNG as it is, and from
//! the SVG, the PDF label and the sheets as other people's renderers show them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use jiff::civil::date;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use purser::stamp::{Paper, PrintError, StampView, label, png, sheet, svg};
use purser_core::stamp::piece::Symbol;
use purser_money::{Currency, Money};

/// What the tests need of the machine.
const NEEDED: &str = "the symbols are read by libdmtx, and rendered by rsvg-convert and pdftoppm \
    (`cargo xtask test` installs them; Debian and Ubuntu: \
    `sudo apt-get install libdmtx0b librsvg2-bin poppler-utils python3-venv`)";

/// The same payloads in every run.
fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn payload(runner: &mut TestRunner, len: usize) -> Vec<u8> {
    proptest::collection::vec(any::<u8>(), len).new_tree(runner).unwrap().current()
}

fn stamp(indicium: Vec<u8>, symbol: Symbol) -> StampView {
    StampView {
        indicium,
        symbol,
        price: Money::new(18_50, Currency::parse("USD").unwrap()),
        title: "Registered letter".to_owned(),
        issued_on: date(2026, 1, 15),
        expires_on: date(2027, 1, 14),
        serial: "PUR-7-USD-00000042".to_owned(),
        s10: (symbol == Symbol::Full).then(|| "RR473124829US".to_owned()),
        printed: [("From", "US 94105"), ("To", "GB SW1A 1AA"), ("Up to", "100 g")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        verify_at: "https://pay.example/verify".to_owned(),
    }
}

/// Payloads of every size that a symbol holds, and of bytes that encoders and decoders have fallen over.
fn payloads(symbol: Symbol) -> Vec<Vec<u8>> {
    let mut runner = runner();
    let most = symbol.bytes_max();
    let mut payloads: Vec<Vec<u8>> = (1..=most).map(|len| payload(&mut runner, len)).collect();
    for byte in [0x00, 0xff, 0x1d, 0xe7, 0xf1, b'0', b'A'] {
        payloads.push(vec![byte; most]);
    }
    payloads.push((0..=u8::MAX).take(most).collect());
    payloads
}

/// Images by what they should be read as: one payload, or several on one sheet.
struct Gallery {
    folder: tempfile::TempDir,
    images: BTreeMap<PathBuf, Vec<Vec<u8>>>,
}

impl Gallery {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), images: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add(&mut self, name: &str, payloads: Vec<Vec<u8>>) {
        let path = self.path(name);
        assert!(path.is_file(), "{path:?}");
        self.images.insert(path, payloads);
    }

    /// Every image is read as what is in it, by both decoders.
    fn check(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stamp_symbols/decode.py");
        let said = run(Command::new(python()).arg(script).args(self.images.keys()));
        let rows: Vec<serde_json::Value> =
            said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), self.images.len());
        for row in rows {
            let image = Path::new(row["image"].as_str().unwrap());
            let mut expected: Vec<String> = self.images[image]
                .iter()
                .map(|bytes| data_encoding::HEXLOWER.encode(bytes))
                .collect();
            expected.sort();
            for decoder in ["zxing", "dmtx"] {
                assert_eq!(row[decoder], serde_json::json!(expected), "{decoder} of {image:?}");
            }
        }
    }
}

/// A Python with the decoders, in the target directory.
fn python() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stamp-symbols-venv");
    let python = environment.join("bin/python");
    let requirements =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stamp_symbols/requirements.txt");
    static MADE: std::sync::Once = std::sync::Once::new();
    MADE.call_once(|| {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment));
        let mut pip = Command::new(environment.join("bin/pip"));
        run(pip
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements));
    });
    python
}

/// What the program says, if it succeeds.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; {NEEDED}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}; {NEEDED}");
    String::from_utf8(output.stdout).unwrap()
}

/// The first page of a PDF, as a printer of 300 dots an inch has it.
fn rasterised(pdf: &Path, name: &Path) {
    run(Command::new("pdftoppm").args(["-r", "300", "-png", "-singlefile"]).arg(pdf).arg(name));
}

#[test]
fn every_payload_is_read_from_the_png() {
    for symbol in [Symbol::Full, Symbol::Lite] {
        let mut gallery = Gallery::new();
        for (nth, payload) in payloads(symbol).into_iter().enumerate() {
            let name = format!("{}-{nth:03}.png", symbol.name());
            fs::write(gallery.path(&name), png(&stamp(payload.clone(), symbol)).unwrap()).unwrap();
            gallery.add(&name, vec![payload]);
        }
        gallery.check();
    }
}

#[test]
fn payloads_are_read_from_the_svg() {
    let mut gallery = Gallery::new();
    for symbol in [Symbol::Full, Symbol::Lite] {
        for (nth, payload) in payloads(symbol).into_iter().rev().step_by(8).enumerate() {
            let name = format!("{}-{nth:03}.png", symbol.name());
            let source = gallery.path("stamp.svg");
            fs::write(&source, svg(&stamp(payload.clone(), symbol)).unwrap()).unwrap();
            run(Command::new("rsvg-convert").arg(&source).arg("-o").arg(gallery.path(&name)));
            gallery.add(&name, vec![payload]);
        }
    }
    gallery.check();
}

#[test]
fn payloads_are_read_from_the_label() {
    let mut gallery = Gallery::new();
    for symbol in [Symbol::Full, Symbol::Lite] {
        for (nth, payload) in payloads(symbol).into_iter().rev().step_by(8).enumerate() {
            let name = format!("{}-{nth:03}", symbol.name());
            let source = gallery.path("label.pdf");
            fs::write(&source, label(&stamp(payload.clone(), symbol)).unwrap()).unwrap();
            rasterised(&source, &gallery.path(&name));
            gallery.add(&format!("{name}.png"), vec![payload]);
        }
    }
    gallery.check();
}

#[test]
fn every_stamp_of_a_sheet_is_read() {
    let mut runner = runner();
    for (paper, used, pages) in [(Paper::A4, 0, 1), (Paper::Letter, 2, 2)] {
        let mut gallery = Gallery::new();
        let symbols = [Symbol::Full, Symbol::Lite].into_iter().cycle();
        let payloads: Vec<(Symbol, Vec<u8>)> = symbols
            .take(paper.labels())
            .map(|symbol| (symbol, payload(&mut runner, symbol.bytes_max())))
            .collect();
        let stamps: Vec<StampView> =
            payloads.iter().map(|(symbol, bytes)| stamp(bytes.clone(), *symbol)).collect();
        let source = gallery.path("sheet.pdf");
        fs::write(&source, sheet(&stamps, paper, used).unwrap()).unwrap();
        run(Command::new("pdftoppm")
            .args(["-r", "300", "-png"])
            .arg(&source)
            .arg(gallery.path("p")));
        let (first, second) = payloads.split_at(paper.labels() - used);
        for (page, payloads) in (1..=pages).zip([first, second]) {
            let payloads = payloads.iter().map(|(_, bytes)| bytes.clone()).collect();
            gallery.add(&format!("p-{page}.png"), payloads);
        }
        gallery.check();
    }
}

#[test]
fn what_a_symbol_does_not_hold_is_refused() {
    for symbol in [Symbol::Full, Symbol::Lite] {
        for len in [0, symbol.bytes_max() + 1] {
            let stamp = stamp(vec![0; len], symbol);
            assert_eq!(png(&stamp), Err(PrintError::DoesNotFit));
            assert_eq!(svg(&stamp), Err(PrintError::DoesNotFit));
            assert_eq!(label(&stamp), Err(PrintError::DoesNotFit));
            assert_eq!(sheet(&[stamp], Paper::A4, 0), Err(PrintError::DoesNotFit));
        }
    }
}
