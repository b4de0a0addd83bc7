/**
 * What a run tells the world. The training loop emits one record a step to a {@link
 * dev.socratic.trainer.progress.ProgressSink}; console, file, HTTP and termination message only read it.
 */
package dev.socratic.trainer.progress;
