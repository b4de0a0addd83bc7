package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GradScalerTest {
    @Test
    void halvesOnOverflowAndDoublesAfterTwoThousandGoodSteps() {
        GradScaler scaler = GradScaler.on().afterGoodStep().afterOverflow();
        assertThat(scaler).isEqualTo(new GradScaler(32768, 0, true));
        for (int i = 0; i < 1999; i++) {
            scaler = scaler.afterGoodStep();
        }
        assertThat(scaler.scale()).isEqualTo(32768);
        assertThat(scaler.afterGoodStep()).isEqualTo(new GradScaler(65536, 0, true));
    }

    @Test
    void isOneWhereNothingIsScaled() {
        assertThat(GradScaler.off().afterGoodStep().afterOverflow().scale()).isEqualTo(1);
    }
}
