//! What points officers' labels speak for: logistic regression of labelled pages on the rules that fired, drawn towards the points
//! that the rules have.
//!
//! Points are decibans, so the odds that a page is guilty are 10^((offset + Σ points)/10) as in a verdict. Each rule's points have a
//! normal prior around what they are now ([`SPREAD`]): a few labels move them little, and without labels nothing moves. The interval is
//! that of the normal approximation at the maximum (Laplace). Only suggests; nothing here changes a rule. Start at [`refit`].

/// Standard deviation of the prior around a rule's present points, in decibans.
pub const SPREAD: f64 = 4.0;
/// Odds ratio of one deciban, as its natural logarithm.
const DECIBAN: f64 = std::f64::consts::LN_10 / 10.0;
const STEPS: usize = 50;

/// A page that somebody has called guilty or innocent.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Guilty of what the rules speak for.
    pub guilty: bool,
    /// Decibans that do not come from the rules: the prior, the wording.
    pub offset: f64,
    /// The rules that fired, by number, each with the share of its points that its family let through, 0 to 1.
    pub fired: Vec<(usize, f64)>,
}

/// What the labels say of one rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suggestion {
    /// Its number.
    pub rule: usize,
    /// The points that fit best.
    pub points: f64,
    /// Where they lie with 95 % certainty, if the model is right.
    pub interval: (f64, f64),
    /// Guilty and innocent pages on which it fired.
    pub labels: (usize, usize),
}

/// Fits the points of the rules, `current` by number; told are the rules on which some label speaks.
pub fn refit(current: &[f64], pages: &[Labelled]) -> Vec<Suggestion> {
    // Only rules that fired take part: the matrix is as large as these are many.
    let mut labels = vec![(0, 0); current.len()];
    for page in pages {
        for (rule, _) in &page.fired {
            let of = &mut labels[*rule];
            if page.guilty { of.0 += 1 } else { of.1 += 1 }
        }
    }
    let rules: Vec<usize> = (0..current.len()).filter(|rule| labels[*rule] != (0, 0)).collect();
    let mut place = vec![usize::MAX; current.len()];
    rules.iter().enumerate().for_each(|(at, rule)| place[*rule] = at);
    let size = rules.len();
    let mut points: Vec<f64> = rules.iter().map(|rule| current[*rule]).collect();
    let pull = 1.0 / (SPREAD * SPREAD);
    let cost = |points: &[f64]| -> f64 {
        let prior: f64 = rules.iter().zip(points).map(|(rule, p)| 0.5 * pull * (p - current[*rule]).powi(2)).sum();
        pages.iter().fold(prior, |sum, page| {
            let margin = if page.guilty { logit(page, points, &place) } else { -logit(page, points, &place) };
            sum + (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
        })
    };
    let mut curve = vec![0.0; size * size];
    // Newton's method; the cost is convex, so halving a step that does not descend always ends.
    for _ in 0..STEPS {
        let mut slope: Vec<f64> = rules.iter().zip(&points).map(|(rule, p)| pull * (p - current[*rule])).collect();
        curve = curvature(pages, &points, &place, pull);
        for page in pages {
            let chance = 1.0 / (1.0 + (-logit(page, &points, &place)).exp());
            let off = DECIBAN * (chance - f64::from(u8::from(page.guilty)));
            page.fired.iter().for_each(|(rule, share)| slope[place[*rule]] += off * share);
        }
        let Some(step) = Cholesky::of(&curve, size).map(|factor| factor.solve(&slope)) else { break };
        let before = cost(&points);
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = points.iter().zip(&step).map(|(p, s)| p - length * s).collect();
            if cost(&next) <= before || length < 1e-6 {
                points = next;
                break;
            }
            length *= 0.5;
        }
        if step.iter().all(|s| s.abs() * length < 1e-6) {
            break;
        }
    }
    let factor = Cholesky::of(&curve, size);
    rules
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let variance = factor.as_ref().map_or(f64::INFINITY, |factor| {
                let mut unit = vec![0.0; size];
                unit[at] = 1.0;
                factor.solve(&unit)[at]
            });
            let reach = 1.96 * variance.max(0.0).sqrt();
            let interval = (points[at] - reach, points[at] + reach);
            Suggestion { rule: *rule, points: points[at], interval, labels: labels[*rule] }
        })
        .collect()
}

/// Natural logarithm of the odds.
fn logit(page: &Labelled, points: &[f64], place: &[usize]) -> f64 {
    let own: f64 = page.fired.iter().map(|(rule, share)| points[place[*rule]] * share).sum();
    DECIBAN * (page.offset + own)
}

/// Second derivatives of the cost, row by row.
fn curvature(pages: &[Labelled], points: &[f64], place: &[usize], pull: f64) -> Vec<f64> {
    let size = points.len();
    let mut curve = vec![0.0; size * size];
    (0..size).for_each(|at| curve[at * size + at] = pull);
    for page in pages {
        let chance = 1.0 / (1.0 + (-logit(page, points, place)).exp());
        let weight = DECIBAN * DECIBAN * chance * (1.0 - chance);
        for (a, share_a) in &page.fired {
            for (b, share_b) in &page.fired {
                curve[place[*a] * size + place[*b]] += weight * share_a * share_b;
            }
        }
    }
    curve
}

/// The lower triangle L of a symmetric positive matrix, A = L·Lᵀ.
struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    fn of(matrix: &[f64], size: usize) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let known: f64 = (0..column).map(|k| lower[row * size + k] * lower[column * size + k]).sum();
                let left = matrix[row * size + column] - known;
                lower[row * size + column] = match row == column {
                    true if left <= 0.0 => return None,
                    true => left.sqrt(),
                    false => left / lower[column * size + column],
                };
            }
        }
        Some(Self { size, lower })
    }

    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (size, lower) = (self.size, &self.lower);
        let mut x = right.to_vec();
        for row in 0..size {
            let known: f64 = (0..row).map(|k| lower[row * size + k] * x[k]).sum();
            x[row] = (x[row] - known) / lower[row * size + row];
        }
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|k| lower[k * size + row] * x[k]).sum();
            x[row] = (x[row] - known) / lower[row * size + row];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` pages on which these rules fire in full.
    fn pages(guilty: bool, fired: &[usize], n: usize) -> Vec<Labelled> {
        let fired = fired.iter().map(|rule| (*rule, 1.0)).collect();
        vec![Labelled { guilty, offset: 0.0, fired }; n]
    }

    #[test]
    fn many_labels_give_the_odds_that_they_show() {
        // Guilty nine times in ten wherever rule 0 fires: odds of nine are 9.54 decibans.
        let all = [pages(true, &[0], 9000), pages(false, &[0], 1000)].concat();
        let told = refit(&[2.0, 5.0], &all);
        assert_eq!(told.len(), 1, "no label speaks of rule 1");
        let Suggestion { points, interval, labels, .. } = told[0];
        assert!((points - 10.0 * 9f64.log10()).abs() < 0.1, "{points}");
        assert!(interval.0 < points && points < interval.1 && interval.1 - interval.0 < 1.0, "{interval:?}");
        assert_eq!(labels, (9000, 1000));
    }

    #[test]
    fn a_few_labels_move_little_and_say_that_they_are_few() {
        let mut two = pages(false, &[0], 2);
        two.iter_mut().for_each(|page| page.offset = -10.0);
        let told = refit(&[10.0], &two);
        assert!(told[0].points < 10.0 && told[0].points > 5.0, "{told:?}");
        assert!(told[0].interval.1 - told[0].interval.0 > 10.0, "{told:?}");
        assert!(refit(&[10.0], &[]).is_empty());
    }

    #[test]
    fn of_two_rules_the_one_that_fires_on_innocents_loses() {
        let all = [pages(true, &[0, 1], 40), pages(true, &[0], 20), pages(false, &[1], 40)].concat();
        let told = refit(&[8.0, 8.0], &all);
        assert!(told[0].points > 8.0 && told[1].points < 4.0, "{told:?}");
    }

    #[test]
    fn what_the_family_held_back_counts_for_less() {
        let mut all = pages(false, &[0], 30);
        all.iter_mut().for_each(|page| page.fired[0].1 = 0.1);
        let held_back = refit(&[8.0], &all)[0].points;
        let in_full = refit(&[8.0], &pages(false, &[0], 30))[0].points;
        assert!(held_back > in_full + 3.0, "{held_back} {in_full}");
    }

    #[test]
    fn a_matrix_times_its_solution_is_the_right_side() {
        let matrix = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let x = Cholesky::of(&matrix, 3).unwrap().solve(&[1.0, -2.0, 0.5]);
        for (row, right) in [1.0, -2.0, 0.5].into_iter().enumerate() {
            let product: f64 = (0..3).map(|k| matrix[row * 3 + k] * x[k]).sum();
            assert!((product - right).abs() < 1e-9);
        }
        assert!(Cholesky::of(&[0.0], 1).is_none());
    }
}
