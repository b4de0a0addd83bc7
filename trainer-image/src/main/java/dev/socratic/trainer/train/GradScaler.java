package dev.socratic.trainer.train;

/**
 * The loss scale of float16, after torch.amp.GradScaler: halved when a gradient overflows, doubled after 2000 steps
 * without.
 *
 * @param scale factor of the loss; 1 for types that need none
 * @param goodSteps steps since the scale last changed
 */
record GradScaler(double scale, int goodSteps, boolean scaling) {
    private static final double INITIAL = 65536;
    private static final double GROWTH = 2;
    private static final double BACKOFF = 0.5;
    private static final int GROWTH_INTERVAL = 2000;

    static GradScaler on() {
        return new GradScaler(INITIAL, 0, true);
    }

    static GradScaler off() {
        return new GradScaler(1, 0, false);
    }

    GradScaler afterGoodStep() {
        if (!scaling) {
            return this;
        }
        boolean grows = goodSteps + 1 == GROWTH_INTERVAL;
        return new GradScaler(grows ? scale * GROWTH : scale, grows ? 0 : goodSteps + 1, true);
    }

    GradScaler afterOverflow() {
        return scaling ? new GradScaler(scale * BACKOFF, 0, true) : this;
    }
}
