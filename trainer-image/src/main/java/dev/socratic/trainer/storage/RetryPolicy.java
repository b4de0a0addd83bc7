package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often network trouble is met again before the run gives up with {@code TryAgain}.
 *
 * @param attempts in a row without any progress
 * @param firstPause doubled each time, with up to a quarter added at random so that pods do not come back together
 */
record RetryPolicy(int attempts, Duration firstPause) {
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

    interface Attempt<T> {
        /** @throws IOException when another attempt may succeed; any other failure ends the attempts */
        T run() throws IOException, InterruptedException;
    }

    /** Runs until it succeeds. {@code what} completes "could not …" in the message. */
    <T> T run(String what, Attempt<T> attempt) {
        Attempts made = new Attempts(what);
        while (true) {
            try {
                return attempt.run();
            } catch (IOException trouble) {
                made.pauseOrGiveUp(trouble);
            } catch (InterruptedException stop) {
                throw interrupted(what);
            }
        }
    }

    Attempts attempts(String what) {
        return new Attempts(what);
    }

    /** The attempts made at one thing. */
    final class Attempts {
        private final String what;
        private int failed;

        private Attempts(String what) {
            this.what = what;
        }

        void progressed() {
            failed = 0;
        }

        void pauseOrGiveUp(IOException trouble) {
            failed++;
            if (failed >= attempts) {
                throw Problem.of(FailureReason.TryAgain, "could not " + what + " in " + attempts + " attempts")
                        .found(describe(trouble))
                        .remedy("check the network and the server, then run again; what has arrived is kept")
                        .failure(trouble);
            }
            try {
                Thread.sleep(pause(trouble).toMillis());
            } catch (InterruptedException stop) {
                throw interrupted(what);
            }
        }

        private Duration pause(IOException trouble) {
            Duration asked = trouble instanceof BusyServer busy ? busy.retryAfter() : Duration.ZERO;
            Duration own = firstPause.multipliedBy(1L << Math.min(failed - 1, 16));
            own = own.plusMillis(ThreadLocalRandom.current().nextLong(own.toMillis() / 4 + 1));
            Duration longer = asked.compareTo(own) > 0 ? asked : own;
            return longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
        }
    }

    static RuntimeException interrupted(String what) {
        Thread.currentThread().interrupt();
        return Problem.of(FailureReason.TryAgain, "was told to stop while trying to " + what)
                .failure();
    }

    private static String describe(IOException trouble) {
        String kind = trouble.getClass().getSimpleName();
        return trouble.getMessage() == null ? kind : kind + ": " + trouble.getMessage();
    }
}
