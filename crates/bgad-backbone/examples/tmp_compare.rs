#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
use bgad_backbone::*;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use std::path::Path;
fn main() {
    let device = Device::flex();
    for entry in std::fs::read_dir("/tmp/cmp").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(tag) = name.strip_suffix(".features.safetensors") else { continue };
        let arch: Architecture = tag.parse().unwrap();
        let w = Weights::open(Path::new(&format!("/tmp/cmp/{tag}.weights.safetensors"))).unwrap();
        let net = EfficientNet::load(arch, &[4, 8, 16], &w, &device).unwrap();
        let bytes = std::fs::read(format!("/tmp/cmp/{name}")).unwrap();
        let st = SafeTensors::deserialize(&bytes).unwrap();
        let get = |n: &str| { let t = st.tensor(n).unwrap(); (t.shape().to_vec(), t.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>()) };
        for case in 0..2 {
            let (s, v) = get(&format!("{case}.input"));
            let p = net.extract(Tensor::from_data(TensorData::new(v, s), &device));
            for (m, l) in p.levels().iter().zip(net.levels()) {
                let (s, e) = get(&format!("{case}.stride_{}", l.stride));
                assert_eq!(m.dims().to_vec(), s);
                let f = m.to_data().try_to_vec::<f32>().unwrap();
                let scale = e.iter().fold(0f32, |a, b| a.max(b.abs()));
                let d = e.iter().zip(&f).fold(0f32, |a, (x, y)| a.max((x - y).abs()));
                println!("{tag} case {case} stride {}: max diff {d:.3e}, max {scale:.3e}, ratio {:.2e}", l.stride, d / scale);
            }
        }
    }
    let x = || Tensor::<4>::random([1, 3, 256, 256], burn::tensor::Distribution::Normal(0., 1.), &device);
    let time = |n: &str, b: &dyn Backbone| {
        let x = x(); let mut t = vec![];
        for _ in 0..9 { let s = std::time::Instant::now(); let p = b.extract(x.clone()); p.levels().iter().for_each(|m| drop(m.to_data())); t.push(s.elapsed().as_secs_f64() * 1e3); }
        t.sort_by(f64::total_cmp); println!("{n}: median {:.1} ms, min {:.1}", t[4], t[0]);
    };
    time("filter-bank", &FilterBank::new(&device));
    for a in [Architecture::V2B0, Architecture::B6, Architecture::Lite0, Architecture::B0] { time(a.name(), &EfficientNet::random(a, &[4, 8, 16], 0, &device)); }
    // Filter bank against the prototype.
    if let Ok(bytes) = std::fs::read("/tmp/cmp/bank.safetensors") {
        let st = SafeTensors::deserialize(&bytes).unwrap();
        let get = |n: &str| { let t = st.tensor(n).unwrap(); (t.shape().to_vec(), t.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>()) };
        let (s, v) = get("input");
        let p = FilterBank::new(&device).extract(Tensor::from_data(TensorData::new(v, s), &device));
        for (i, m) in p.levels().iter().enumerate() {
            let (_, e) = get(&format!("{i}"));
            let f = m.to_data().try_to_vec::<f32>().unwrap();
            println!("bank level {i}: max diff {:.2e}", e.iter().zip(&f).fold(0f32, |a, (x, y)| a.max((x - y).abs())));
        }
    }
}
