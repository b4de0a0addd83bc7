package dev.socratic.operator.observe;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls, when a rush is over, the resources that waited for it. Its end moves on while runs start: a thousand resources
 * that each looked again whether it is there would look some ten thousand times.
 */
public final class RushEnd extends AbstractEventSource<Void, SocraticFineTune> {
    private static final Duration LOOKS = Duration.ofMillis(500);

    private final Rush rush;
    private final Clock clock;
    private final Set<ResourceID> waiting = ConcurrentHashMap.newKeySet();
    private final Timer timer = new Timer("rush-end", true);

    public RushEnd(Rush rush, Clock clock) {
        super(Void.class, "rush-end");
        this.rush = rush;
        this.clock = clock;
    }

    /** Has the resource called once, when no rush goes on. */
    public void await(ResourceID resource) {
        waiting.add(resource);
    }

    @Override
    public void start() {
        super.start();
        timer.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        look();
                    }
                },
                LOOKS.toMillis(),
                LOOKS.toMillis());
    }

    @Override
    public void stop() {
        super.stop();
        timer.cancel();
    }

    @Override
    public Set<Void> getSecondaryResources(SocraticFineTune resource) {
        return Set.of();
    }

    void look() {
        if (clock.instant().isBefore(rush.end())) {
            return;
        }
        for (Iterator<ResourceID> left = waiting.iterator(); left.hasNext(); ) {
            ResourceID resource = left.next();
            left.remove();
            getEventHandler().handleEvent(new Event(resource));
        }
    }
}
