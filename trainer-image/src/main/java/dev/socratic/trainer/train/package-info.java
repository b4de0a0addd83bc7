/**
 * The training loop with the conventions of transformers' Trainer. {@link dev.socratic.trainer.train.Trainer} reads
 * batches, changes the adapter and emits one record a step; it writes checkpoints and goes on from them.
 */
package dev.socratic.trainer.train;
