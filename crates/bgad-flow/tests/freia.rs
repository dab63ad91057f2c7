//! FrEIA states that are not flows: errors, no panic and no endless loop.
#![cfg(feature = "burn")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use bgad_flow::{FlowError, SoftClamp, from_freia};
use burn::tensor::TensorData;

type State = BTreeMap<String, TensorData>;

/// One block of `dimension` channels whose subnet takes `inputs` values.
fn state(dimension: usize, inputs: usize) -> State {
    let changed = dimension / 2;
    let mut rotation = vec![0.0_f32; dimension * dimension];
    for channel in 0..dimension {
        rotation[channel * (dimension + 1)] = 1.0;
    }
    let zeros =
        |shape: &[usize]| TensorData::new(vec![0.0_f32; shape.iter().product()], shape.to_vec());
    let tensors = [
        ("global_scale", zeros(&[1, dimension])),
        ("global_offset", zeros(&[1, dimension])),
        (
            "w_perm",
            TensorData::new(rotation, vec![dimension, dimension]),
        ),
        ("subnet.0.weight", zeros(&[2 * inputs, inputs])),
        ("subnet.0.bias", zeros(&[2 * inputs])),
        ("subnet.2.weight", zeros(&[2 * changed, 2 * inputs])),
        ("subnet.2.bias", zeros(&[2 * changed])),
    ];
    let named = tensors.map(|(name, data)| (format!("module_list.0.{name}"), data));
    named.into_iter().collect()
}

fn refused(state: &State) -> String {
    match from_freia(state, SoftClamp::Tanh) {
        Err(error @ FlowError::ParameterShape { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn flows_without_channels_or_inputs_are_refused() {
    from_freia(&state(4, 2), SoftClamp::Tanh).unwrap();
    assert!(refused(&state(0, 0)).contains("two channels"));
    assert!(refused(&state(1, 1)).contains("two channels"));
    assert!(refused(&state(4, 0)).contains("with values"));
}

#[test]
fn a_matrix_without_rows_claims_no_columns() {
    for columns in [3, usize::MAX / 2, usize::MAX] {
        let mut state = state(4, 2);
        let empty = TensorData::new(Vec::<f32>::new(), vec![0, columns]);
        state.insert("module_list.0.subnet.0.weight".to_owned(), empty);
        assert!(refused(&state).contains("with values"));
    }
}
