//! Scores as integers that sort quickly.

/// The rank of a score in descending order: a higher score has a smaller rank, and equal scores (including
/// `-0.0` and `0.0`) have the same rank. The caller must have rejected NaN.
pub(crate) fn rank(score: f32) -> u32 {
    // Adding positive zero turns -0.0 into 0.0 and changes nothing else.
    let bits = (score + 0.0).to_bits();
    // Ascending order means negative numbers with all bits flipped, then positive ones with the sign bit set.
    // Descending order is the complement.
    if bits >> 31 == 1 {
        bits
    } else {
        !(bits | 1 << 31)
    }
}

/// The score that has this rank.
pub(crate) fn score(rank: u32) -> f32 {
    f32::from_bits(if rank >> 31 == 1 {
        rank
    } else {
        !rank & !(1 << 31)
    })
}
