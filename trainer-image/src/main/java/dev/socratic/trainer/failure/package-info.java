/** How a run says no: {@link dev.socratic.trainer.failure.TrainerFailure} with a reason, an exit code and a remedy. */
package dev.socratic.trainer.failure;
