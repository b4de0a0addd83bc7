package dev.socratic.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RushEndTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    private final Rush rush = new Rush();
    private final List<ResourceID> called = new ArrayList<>();

    @Test
    void whoWaitsIsCalledOnceWhenItIsOver() {
        ResourceID one = new ResourceID("one", "default");
        IntStream.range(0, 32).forEach(run -> rush.step(BEGIN));
        assertThat(rush.latestEnd(BEGIN)).isEqualTo(BEGIN.plus(Duration.ofMinutes(1)));

        MovableClock clock = new MovableClock(BEGIN.plusSeconds(3));
        RushEnd end = new RushEnd(rush, clock);
        end.setEventHandler(event -> called.add(event.getRelatedCustomResourceID()));
        end.await(one);
        end.await(one);
        end.look();
        assertThat(called).isEmpty();

        clock.now = BEGIN.plusSeconds(4);
        end.look();
        end.look();
        assertThat(called).containsExactly(one);
    }

    private static final class MovableClock extends Clock {
        private Instant now;

        private MovableClock(Instant now) {
            this.now = now;
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
