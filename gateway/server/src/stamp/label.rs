//! One stamp as it is printed: the symbol on the left, what people read on the right. Lengths are hundredths of a
//! millimetre, from the lower left corner, as PDF counts.

use pdf_writer::{Content, Name, Str};

use super::{
    PrintError, StampView,
    symbol::{Modules, Outline},
    text::{self, Face},
};
use crate::format;

/// The width of a stamp: what the narrower of the two sheets of labels has.
pub(super) const WIDTH: i16 = 66_00;
/// Its height: one inch.
pub(super) const HEIGHT: i16 = 25_40;

/// A module on paper.
const MODULE: i16 = 50;
const MARGIN: i16 = 1_70;
/// Between symbol and text.
const GAP: i16 = 2_20;
/// A hairline to cut along.
const FRAME_INSET: i16 = 40;
const FRAME_WIDTH: i16 = 8;

const VALUE_SIZE: u32 = 5_20;
const CODE_SIZE: u32 = 2_60;
const TITLE_SIZE: u32 = 2_70;
const TEXT_SIZE: u32 = 2_10;
const SMALL_SIZE: u32 = 1_70;

/// The names that a page knows its fonts by.
pub(super) const REGULAR: Name<'static> = Name(b"R");
pub(super) const BOLD: Name<'static> = Name(b"B");

/// Draws a stamp with its lower left corner at `left`, `bottom`.
pub(super) fn draw(
    on: &mut Content,
    stamp: &StampView,
    left: i16,
    bottom: i16,
) -> Result<(), PrintError> {
    let modules = Modules::of(&stamp.indicium, stamp.symbol)?;
    frame(on, left, bottom);
    let side = |count: u16| i16::try_from(count).unwrap_or(0).saturating_mul(MODULE);
    let (wide, high) = (side(modules.width), side(modules.height));
    let symbol_left = left.saturating_add(MARGIN);
    let symbol_top = bottom.saturating_add(HEIGHT.saturating_add(high) / 2);
    symbol(on, &modules, symbol_left, symbol_top);
    let text_left = symbol_left.saturating_add(wide).saturating_add(GAP);
    let right = left.saturating_add(WIDTH).saturating_sub(MARGIN);
    let top = bottom.saturating_add(HEIGHT).saturating_sub(MARGIN);
    words(&mut Column { on, left: text_left, right, baseline: top }, stamp, bottom);
    Ok(())
}

fn frame(on: &mut Content, left: i16, bottom: i16) {
    let inner = |size: i16| f32::from(size.saturating_sub(2 * FRAME_INSET));
    let corner = |at: i16| f32::from(at.saturating_add(FRAME_INSET));
    on.set_stroke_gray(0.6).set_line_width(f32::from(FRAME_WIDTH));
    on.rect(corner(left), corner(bottom), inner(WIDTH), inner(HEIGHT)).stroke();
    on.set_fill_gray(0.0);
}

fn symbol(on: &mut Content, modules: &Modules, left: i16, top: i16) {
    let x = |column: i16| f32::from(left.saturating_add(column.saturating_mul(MODULE)));
    let y = |row: i16| f32::from(top.saturating_sub(row.saturating_mul(MODULE)));
    for part in modules.outline() {
        match part {
            Outline::Move(column, row) => on.move_to(x(column), y(row)),
            Outline::Line(column, row) => on.line_to(x(column), y(row)),
            Outline::Close => on.close_path(),
        };
    }
    on.fill_even_odd();
}

/// What people read, from the value down; the address of the verifier stands at the foot.
fn words(column: &mut Column<'_>, stamp: &StampView, bottom: i16) {
    let (value, code) = value(stamp);
    column.down(3_60);
    column.write(&value, Face::Bold, VALUE_SIZE);
    column.write_right(code, Face::Bold, CODE_SIZE);
    column.down(3_40);
    column.write(&stamp.title, Face::Bold, TITLE_SIZE);
    column.down(2_70);
    let days = format!("{}  good until {}", stamp.issued_on, stamp.expires_on);
    column.write(&days, Face::Regular, TEXT_SIZE);
    let facts: Vec<String> =
        stamp.printed.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let lines = text::lines(&facts, "  ·  ", Face::Regular, TEXT_SIZE, column.room());
    for line in lines.iter().take(2) {
        column.down(2_55);
        column.write(line, Face::Regular, TEXT_SIZE);
    }
    column.down(2_75);
    column.write(&stamp.serial, Face::Bold, TEXT_SIZE);
    if let Some(s10) = &stamp.s10 {
        column.down(2_60);
        column.write(&spaced(s10), Face::Bold, TEXT_SIZE);
    }
    column.baseline = bottom.saturating_add(MARGIN);
    column.write(&format!("Verify at {}", stamp.verify_at), Face::Regular, SMALL_SIZE);
}

/// The value, and its currency where the value itself does not say it.
fn value(stamp: &StampView) -> (String, &'static str) {
    let code = stamp.price.currency().code();
    let shown = format::for_people(stamp.price);
    match text::is_encodable(&shown) {
        true if shown.contains(code) => (shown, ""),
        true => (shown, code),
        false => (stamp.price.to_string(), ""),
    }
}

/// An item number as UPU S10 wants it read: `RR 473 124 829 PS`.
fn spaced(s10: &str) -> String {
    let group = |(place, letter): (usize, char)| match place {
        2 | 5 | 8 | 11 => [Some(' '), Some(letter)],
        _ => [None, Some(letter)],
    };
    s10.chars().enumerate().flat_map(group).flatten().collect()
}

/// A column of text, written from the top down.
struct Column<'a> {
    on: &'a mut Content,
    left: i16,
    right: i16,
    baseline: i16,
}

impl Column<'_> {
    fn room(&self) -> u32 {
        u32::try_from(self.right.saturating_sub(self.left)).unwrap_or(0)
    }

    fn down(&mut self, by: i16) {
        self.baseline = self.baseline.saturating_sub(by);
    }

    /// A line, smaller where it would be too wide.
    fn write(&mut self, words: &str, face: Face, size: u32) {
        let size = text::fitting(words, face, size, self.room());
        self.show(words, face, size, self.left);
    }

    /// A line that ends at the right.
    fn write_right(&mut self, words: &str, face: Face, size: u32) {
        let wide = i16::try_from(text::width(words, face, size)).unwrap_or(0);
        self.show(words, face, size, self.right.saturating_sub(wide));
    }

    fn show(&mut self, words: &str, face: Face, size: u32, left: i16) {
        let font = match face {
            Face::Regular => REGULAR,
            Face::Bold => BOLD,
        };
        let size = f32::from(u16::try_from(size).unwrap_or(0));
        self.on.begin_text().set_font(font, size);
        self.on.next_line(f32::from(left), f32::from(self.baseline));
        self.on.show(Str(&text::encoded(words))).end_text();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_number_is_read_in_groups() {
        assert_eq!(spaced("RR473124829PS"), "RR 473 124 829 PS");
    }
}
