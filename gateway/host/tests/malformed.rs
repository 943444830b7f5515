//! Plugin files that are more than they should be: a good plugin with something added that would cost the gateway dearly. Each
//! is refused or contained with a reason, and the gateway goes on.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::time::{Duration, Instant};

use purser_host::{Limits, Plugins};

/// Compiling and asking a plugin takes a second on a busy machine; what is made to take for ever does not.
const PATIENCE: Duration = Duration::from_secs(30);

/// A section of a component.
fn section(id: u8, data: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    let mut rest = data.len();
    while rest >= 0x80 {
        section.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    section.push(rest as u8);
    section.extend_from_slice(data);
    section
}

/// The number of core modules of a component: each is a section of its own.
fn modules(component: &[u8]) -> u8 {
    let (mut at, mut count) = (8, 0);
    while at < component.len() {
        let id = component[at];
        at += 1;
        let (mut size, mut shift) = (0_usize, 0);
        loop {
            let byte = component[at];
            at += 1;
            size |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        count += u8::from(id == 1);
        at += size;
    }
    count
}

/// The plugin with one more module in it, and so many instances of that.
fn with_module(text: &str, instances: usize) -> Vec<u8> {
    let plugin = purser_hostile::component();
    let module = section(1, &wat::parse_str(text).unwrap());
    let instance = section(2, &[1, 0, modules(plugin), 0]);
    [plugin, &module, &instance.repeat(instances)].concat()
}

async fn why(bytes: Vec<u8>) -> String {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    let started = Instant::now();
    let error = plugins.install(bytes).await.unwrap_err();
    assert!(started.elapsed() < PATIENCE, "{:?}: {error}", started.elapsed());
    // The sandbox takes the good one as if nothing had been.
    plugins.install(purser_hostile::component()).await.unwrap();
    error.to_string()
}

#[tokio::test]
async fn what_only_adds_a_harmless_module_is_taken() {
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    plugins.install(with_module("(module (func))", 1)).await.unwrap();
}

#[tokio::test]
async fn more_memory_than_a_call_may_have_is_refused() {
    for pages in ["513", "1025", "65536"] {
        let error = why(with_module(&format!("(module (memory {pages}))"), 1)).await;
        assert!(error.contains("memory"), "{pages}: {error}");
    }
}

#[tokio::test]
async fn many_small_memories_are_no_way_around_it() {
    let error = why(with_module("(module (memory 300))", 3)).await;
    assert!(error.contains("memory") || error.contains("memories"), "{error}");
}

#[tokio::test]
async fn a_giant_table_is_refused() {
    for elements in ["20001", "4294967295"] {
        let error = why(with_module(&format!("(module (table {elements} funcref))"), 1)).await;
        assert!(error.contains("table"), "{elements}: {error}");
    }
}

#[tokio::test]
async fn a_module_that_never_starts_ends_by_its_fuel() {
    let endless = r#"(module (func $f (loop br 0)) (start $f))"#;
    let error = why(with_module(endless, 1)).await;
    assert!(error.contains("fuel") || error.contains("deadline"), "{error}");
}

#[tokio::test]
async fn a_module_that_traps_as_it_starts_is_told() {
    let error = why(with_module("(module (func $f unreachable) (start $f))", 1)).await;
    assert!(error.contains("describe itself") && error.contains("trap"), "{error}");
}

#[tokio::test]
async fn data_outside_of_memory_is_told() {
    let data = r#"(module (memory 1) (data (i32.const 65536) "beyond"))"#;
    let error = why(with_module(data, 1)).await;
    assert!(error.contains("out of bounds"), "{error}");
}

#[tokio::test]
async fn instances_by_the_hundred_are_refused() {
    let error = why(with_module("(module (func))", 200)).await;
    assert!(error.contains("instances"), "{error}");
}

#[tokio::test]
async fn a_large_data_segment_is_judged_by_the_size_of_the_file() {
    let data = "x".repeat(3 * 1024 * 1024);
    let error = why(with_module(&format!(r#"(module (memory 64) (data "{data}"))"#), 1)).await;
    assert!(error.contains("at most 2097152 are allowed"), "{error}");
}

#[tokio::test]
async fn components_in_components_come_to_an_end() {
    let empty = wat::parse_str("(component)").unwrap();
    let mut deep = empty.clone();
    for _ in 0..3000 {
        deep = [&empty[..8], &section(4, &deep)].concat();
    }
    let many = section(4, &empty).repeat(500);
    for nested in [section(4, &deep), many] {
        let plugins = Plugins::new(Limits::default(), None).unwrap();
        let started = Instant::now();
        // Taken or refused: the gateway goes on.
        let _ = plugins.install([purser_hostile::component(), &nested].concat()).await;
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    }
}
