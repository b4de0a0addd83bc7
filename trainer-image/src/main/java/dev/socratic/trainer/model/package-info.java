/**
 * One decoder for every architecture: {@link dev.socratic.trainer.model.ModelConfig} says as data what an architecture
 * does, {@link dev.socratic.trainer.model.Decoder} does it forward and backward, {@link
 * dev.socratic.trainer.model.Generator} lets it speak.
 */
package dev.socratic.trainer.model;
