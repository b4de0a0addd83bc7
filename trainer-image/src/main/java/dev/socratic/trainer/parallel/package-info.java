/**
 * The gradients of a step, on one device or on several: {@link dev.socratic.trainer.parallel.StepGradients} is what the
 * training loop asks.
 */
package dev.socratic.trainer.parallel;
