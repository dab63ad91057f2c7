//! Steps and log-likelihoods of the flow under every instruction set of this machine.
#![cfg(feature = "random")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../tests/instruction_sets/mod.rs"]
mod instruction_sets;

use bgad_flow::{Conditions, FlowConfig, HostAdam, HostFlow, PositionalEncoding, Workspace};

const SIDE: usize = 12;

#[test]
fn steps_and_log_likelihoods_agree() {
    // Rows that fill registers and rows that don't, with and without a condition.
    for (dimension, condition) in [(40, Some(16)), (7, Some(16)), (9, None)] {
        let mut config = FlowConfig::new(dimension).with_blocks(4);
        let mut conditions = Conditions::none();
        if let Some(width) = condition {
            config = config.with_condition(width);
            let encoding = PositionalEncoding::new(width).unwrap();
            conditions = Conditions::positions(&encoding, SIDE, SIDE);
        }
        let count = 700;
        let rows: Vec<f32> = (0..count * dimension)
            .map(|i| ((i * 7919 % 10_007) as f32 / 1667.0) - 3.0)
            .collect();
        let places: Vec<u32> = (0..count).map(|i| (i % (SIDE * SIDE)) as u32).collect();
        let flow = HostFlow::random(&config, 5).unwrap();
        instruction_sets::assert_agreement(&format!("rows of {dimension}"), 1e-4, || {
            let (mut flow, mut adam) = (flow.clone(), HostAdam::new());
            let mut workspace = Workspace::default();
            let mut likelihoods = Vec::new();
            for _ in 0..3 {
                let row = |i: usize| &rows[i * dimension..(i + 1) * dimension];
                let rows = (row, places.as_slice());
                flow.step(&mut adam, 1e-3, rows, &conditions, &mut workspace, |l| {
                    likelihoods.extend_from_slice(l);
                    Ok::<_, ()>(Some(vec![-1.0 / count as f32; count]))
                })
                .unwrap();
            }
            likelihoods
        });
    }
}
