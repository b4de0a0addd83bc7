/** Measures training on this machine with models of a known shape and random weights: {@link dev.socratic.trainer.bench.Bench}. */
package dev.socratic.trainer.bench;
