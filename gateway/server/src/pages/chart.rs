//! Charts as SVG that the server draws, with the figures in a table behind them: `{% include "chart.html" %}` with a
//! [`Chart`] named `chart`.

/// Units of the drawing. Lengths are whole numbers: a chart computes no money, and needs no fractions of a pixel.
const WIDTH: i128 = 720;
const HEIGHT: i128 = 200;
/// Room for the labels below the bars.
const FOOT: i128 = 22;
/// Every so many bars one is labelled, so that labels do not run into each other.
const LABELS_MAX: usize = 8;

/// A bar's figure.
pub struct Figure {
    /// What it is for: a day.
    pub label: String,
    /// How much, in any unit that all bars share.
    pub amount: i64,
    /// The same for people.
    pub shown: String,
}

/// A bar chart.
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the labels are, as head of the table's first column.
    pub label_head: String,
    /// What the figures are, as head of the second.
    pub amount_head: String,
    /// The figures, in order.
    pub figures: Vec<Figure>,
}

/// A bar, as it is drawn.
pub struct Bar {
    /// Its left edge.
    pub x: i128,
    /// Its upper edge.
    pub y: i128,
    /// Its width.
    pub width: i128,
    /// Its height.
    pub height: i128,
    /// Its middle, where its label stands.
    pub middle: i128,
    /// What is written below it.
    pub label: Option<String>,
    /// What a pointer that rests on it is told.
    pub told: String,
}

impl Chart {
    /// The part of the plane that is drawn.
    pub fn view_box(&self) -> String {
        format!("0 0 {WIDTH} {}", HEIGHT.saturating_add(FOOT))
    }

    /// Where the axis is.
    pub const fn axis(&self) -> i128 {
        HEIGHT
    }

    /// The baseline of the labels.
    pub const fn label_line(&self) -> i128 {
        HEIGHT + FOOT - 6
    }

    /// The bars. What is below zero is drawn as nothing; the table says what it is.
    pub fn bars(&self) -> Vec<Bar> {
        let count = i128::try_from(self.figures.len()).unwrap_or(1).max(1);
        let most = self.figures.iter().map(|figure| i128::from(figure.amount)).max();
        let most = most.unwrap_or_default().max(1);
        let step = WIDTH / count;
        let gap = (step / 5).max(1);
        let every = self.figures.len().div_ceil(LABELS_MAX).max(1);
        let bar = |(at, figure): (usize, &Figure)| {
            let amount = i128::from(figure.amount).max(0);
            // Whatever is not nothing can be seen.
            let height = (amount * HEIGHT / most).max(i128::from(amount > 0));
            let x = i128::try_from(at).unwrap_or_default() * step;
            Bar {
                x,
                y: HEIGHT - height,
                width: (step - gap).max(1),
                height,
                middle: x + (step - gap) / 2,
                label: (at % every == 0).then(|| figure.label.clone()),
                told: format!("{}: {}", figure.label, figure.shown),
            }
        };
        self.figures.iter().enumerate().map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(amounts: &[i64]) -> Vec<i128> {
        let figure =
            |amount: &i64| Figure { label: String::new(), amount: *amount, shown: String::new() };
        let chart = Chart {
            title: String::new(),
            label_head: String::new(),
            amount_head: String::new(),
            figures: amounts.iter().map(figure).collect(),
        };
        chart.bars().iter().map(|bar| bar.height).collect()
    }

    #[test]
    fn bars_are_as_high_as_their_figures() {
        assert_eq!(heights(&[0, 50, 100, -20]), [0, 100, 200, 0]);
        assert_eq!(heights(&[1, 1_000_000]), [1, 200], "a little is seen too");
        assert_eq!(heights(&[0, 0]), [0, 0]);
        assert_eq!(heights(&[i64::MAX]), [200]);
        assert!(heights(&[]).is_empty());
    }
}
