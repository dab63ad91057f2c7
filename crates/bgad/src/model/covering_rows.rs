//! A choice of rows that cover all others.

use rand::seq::index;
use rand::{Rng, RngExt};

use super::bank_rows::BankRows;

/// One of this many wanted rows is drawn before distances count.
const FIRST: usize = 8;
/// One of this many wanted rows is drawn in each round after that.
const ROUND: usize = 16;
/// The power of a row's distance to which its probability is proportional. With 2, as in k-means++, small defects of
/// rare places are found less often; with 8, maps of fibre become a little worse.
const POWER: f64 = 4.0;

/// Draws `wanted` of `rows`, `[rows, dimension]`, in ascending order; fewer if the others equal drawn ones.
///
/// Most positions of an image look like many others, and some, where a part has something special, like hardly any.
/// Drawn evenly, few of the latter would be among the rows. Here the first rows are drawn evenly, and the others with
/// a probability that rises with their distance to all rows drawn before, as in the seeding of k-means (Arthur and
/// Vassilvitskii, *k-means++*, 2007), and many in each round (Bahmani and others, *Scalable K-Means++*, 2012).
pub(super) fn covering(
    rows: &[f32],
    dimension: usize,
    wanted: usize,
    rng: &mut impl Rng,
) -> Vec<usize> {
    let count = rows.len() / dimension;
    if wanted >= count {
        return (0..count).collect();
    }
    let mut newest = index::sample(rng, count, wanted.div_ceil(FIRST)).into_vec();
    let mut chosen = newest.clone();
    let mut distances = vec![f32::INFINITY; count];
    while chosen.len() < wanted && !newest.is_empty() {
        let of_row = |row: &usize| &rows[row * dimension..][..dimension];
        let drawn: Vec<f32> = newest.iter().flat_map(of_row).copied().collect();
        let to_newest = BankRows::new(&drawn, dimension).nearest(rows, 0..0);
        for (distance, to_newest) in distances.iter_mut().zip(to_newest) {
            *distance = distance.min(to_newest);
        }
        newest.iter().for_each(|row| distances[*row] = 0.0);
        let most = wanted.div_ceil(ROUND).min(wanted - chosen.len());
        newest = draw(&distances, most, rng);
        chosen.extend(&newest);
    }
    chosen.sort_unstable();
    chosen
}

/// Draws at most `most` rows without replacement, with probabilities in proportion to a power of their `distances`.
///
/// The largest of all rows' random keys are such a draw (Efraimidis and Spirakis, *Weighted random sampling with a
/// reservoir*, 2006).
fn draw(distances: &[f32], most: usize, rng: &mut impl Rng) -> Vec<usize> {
    let key = |distance: f32| {
        let uniform: f64 = rng.random();
        POWER * f64::from(distance).ln() - (-uniform.ln()).ln()
    };
    let keys: Vec<f64> = distances.iter().copied().map(key).collect();
    let far = (0..distances.len()).filter(|row| distances[*row] > 0.0);
    let mut far: Vec<usize> = far.collect();
    if far.len() > most {
        far.select_nth_unstable_by(most, |a, b| keys[*b].total_cmp(&keys[*a]).then(a.cmp(b)));
        far.truncate(most);
    }
    far
}

#[cfg(test)]
mod tests {
    use super::*;
    use bgad_data::random_stream::Purpose;

    /// 1000 rows near the origin, and every hundredth somewhere else by itself.
    fn rows() -> Vec<f32> {
        let row = |row: usize| {
            let near = (row * 7919 % 1009) as f32 / 1009.0;
            match row % 100 {
                50 => [row as f32, 100.0 - row as f32],
                _ => [near, near * near],
            }
        };
        (0..1000).flat_map(row).collect()
    }

    #[test]
    fn rare_rows_are_drawn_and_common_ones_too() {
        let rare = |drawn: &[usize]| drawn.iter().filter(|row| *row % 100 == 50).count();
        for seed in 0..10 {
            let drawn = covering(&rows(), 2, 40, &mut Purpose::Bank.stream(seed, 0));
            assert_eq!(drawn.len(), 40);
            assert!(drawn.is_sorted_by(|a, b| a < b), "{drawn:?}");
            assert_eq!(rare(&drawn), 10, "{drawn:?}");
        }
    }

    #[test]
    fn equal_rows_are_not_drawn_twice() {
        let rows: Vec<f32> = (0..300).map(|row| (row % 3) as f32).collect();
        let drawn = covering(&rows, 1, 50, &mut Purpose::Bank.stream(0, 0));
        let values: std::collections::BTreeSet<usize> = drawn.iter().map(|row| row % 3).collect();
        assert_eq!(values.len(), 3);
        // The first are drawn evenly, and none after them that one of them equals.
        assert!(drawn.len() <= 50usize.div_ceil(FIRST) + 2, "{drawn:?}");
    }

    #[test]
    fn all_are_drawn_if_there_are_no_more() {
        let drawn = |wanted| covering(&[1.0, 1.0, 2.0], 1, wanted, &mut Purpose::Bank.stream(0, 0));
        assert_eq!((drawn(3), drawn(9)), (vec![0, 1, 2], vec![0, 1, 2]));
        assert!(drawn(0).is_empty());
    }
}
