/**
 * Dialogues to batches: {@link dev.socratic.trainer.data.Dialogues} reads JSON lines as labelled
 * {@link dev.socratic.trainer.data.Example}s, {@link dev.socratic.trainer.data.Batches} lays them out by optimizer step.
 */
package dev.socratic.trainer.data;
