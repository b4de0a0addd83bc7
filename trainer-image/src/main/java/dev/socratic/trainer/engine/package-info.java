/**
 * The fused operations that a decoder consists of, each with its backward pass, on DJL PyTorch tensors. {@link
 * dev.socratic.trainer.engine.Ops} is what the model calls; {@link dev.socratic.trainer.engine.TorchOps} computes it
 * with ATen on any device.
 */
package dev.socratic.trainer.engine;
