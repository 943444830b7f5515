//! Stamps as PDF: one by itself, or several on a sheet of labels.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref};

use super::{PrintError, StampView, label as drawn};

/// Points in a hundredth of a millimetre: 72 to the inch of 25.4 millimetres.
const SCALE: f32 = 0.028_346_457;

/// A sheet of labels that is sold everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// A4 with 24 labels of 70 by 37 millimetres.
    A4,
    /// US Letter with 30 labels of 2 5/8 inches by 1 inch.
    Letter,
}

/// Where labels are on a sheet, in hundredths of a millimetre.
struct Grid {
    /// In points.
    page: (f32, f32),
    columns: usize,
    rows: usize,
    left: i16,
    top: i16,
    page_height: i16,
    pitch_x: i16,
    pitch_y: i16,
    cell: (i16, i16),
}

impl Paper {
    /// How many stamps are on one.
    pub fn labels(self) -> usize {
        let Grid { columns, rows, .. } = self.grid();
        columns.saturating_mul(rows)
    }

    const fn grid(self) -> Grid {
        match self {
            Self::A4 => Grid {
                page: (595.276, 841.89),
                columns: 3,
                rows: 8,
                left: 0,
                top: 50,
                page_height: 29_700,
                pitch_x: 70_00,
                pitch_y: 37_00,
                cell: (70_00, 37_00),
            },
            Self::Letter => Grid {
                page: (612.0, 792.0),
                columns: 3,
                rows: 10,
                left: 4_76,
                top: 12_70,
                page_height: 27_940,
                pitch_x: 69_85,
                pitch_y: 25_40,
                cell: (66_67, 25_40),
            },
        }
    }
}

impl Grid {
    /// The lower left corner of the stamp in the middle of a label.
    fn corner(&self, label: usize) -> Option<(i16, i16)> {
        let nth = |count: usize, pitch: i16| i16::try_from(count).ok()?.checked_mul(pitch);
        let row = label.checked_div(self.columns)?;
        let column = label.checked_rem(self.columns)?;
        let (wide, high) = self.cell;
        let left = self.left.checked_add(nth(column, self.pitch_x)?)?;
        let top = self.top.checked_add(nth(row, self.pitch_y)?)?;
        let bottom = self.page_height.checked_sub(top)?.checked_sub(high)?;
        let middle = |cell: i16, stamp: i16| cell.saturating_sub(stamp) / 2;
        let left = left.checked_add(middle(wide, drawn::WIDTH))?;
        Some((left, bottom.checked_add(middle(high, drawn::HEIGHT))?))
    }
}

/// One stamp on a page of its own size, for a label printer or an envelope.
pub fn label(stamp: &StampView) -> Result<Vec<u8>, PrintError> {
    let mut content = begin();
    drawn::draw(&mut content, stamp, 0, 0)?;
    // 66 millimetres and one inch.
    Ok(document(vec![content], (187.087, 72.0)))
}

/// Stamps on sheets of labels, after the first `used` labels of the first sheet, which are already gone.
pub fn sheet(stamps: &[StampView], paper: Paper, used: usize) -> Result<Vec<u8>, PrintError> {
    let (grid, labels) = (paper.grid(), paper.labels());
    let used = used.min(labels.saturating_sub(1));
    let free = labels.saturating_sub(used);
    let (on_first, others) = stamps.split_at_checked(free).unwrap_or((stamps, &[]));
    let mut pages = vec![page(&grid, on_first, used)?];
    for stamps in others.chunks(labels) {
        pages.push(page(&grid, stamps, 0)?);
    }
    Ok(document(pages, grid.page))
}

fn page(grid: &Grid, stamps: &[StampView], used: usize) -> Result<Content, PrintError> {
    let mut content = begin();
    for (label, stamp) in (used..).zip(stamps) {
        let (left, bottom) = grid.corner(label).ok_or(PrintError::DoesNotFit)?;
        drawn::draw(&mut content, stamp, left, bottom)?;
    }
    Ok(content)
}

/// A page that is drawn on in hundredths of a millimetre.
fn begin() -> Content {
    let mut content = Content::new();
    content.transform([SCALE, 0.0, 0.0, SCALE, 0.0, 0.0]);
    content
}

fn document(pages: Vec<Content>, (width, height): (f32, f32)) -> Vec<u8> {
    let mut ids = (1..).map(Ref::new);
    let mut next = || ids.next().unwrap_or(Ref::new(1));
    let (catalog, tree, regular, bold) = (next(), next(), next(), next());
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let pages: Vec<_> = pages.into_iter().map(|content| (next(), next(), content)).collect();
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(pages.iter().map(|(id, ..)| *id)).count(count);
    for (id, content_id, content) in pages {
        let mut page = pdf.page(id);
        page.media_box(Rect::new(0.0, 0.0, width, height)).parent(tree).contents(content_id);
        let mut resources = page.resources();
        resources.fonts().pair(drawn::REGULAR, regular).pair(drawn::BOLD, bold);
        resources.finish();
        page.finish();
        pdf.stream(content_id, &content.finish());
    }
    for (id, name) in [(regular, Name(b"Helvetica")), (bold, Name(b"Helvetica-Bold"))] {
        pdf.type1_font(id).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.finish()
}
