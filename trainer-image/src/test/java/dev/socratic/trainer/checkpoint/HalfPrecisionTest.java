package dev.socratic.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfPrecisionTest {
    /** The value by the definition of binary16: sign, exponent with bias 15, ten bits of fraction. */
    private static float byDefinition(int half) {
        int exponent = half >> 10 & 31;
        int fraction = half & 1023;
        double magnitude = exponent == 0
                ? Math.scalb((double) fraction, -24)
                : exponent == 31
                        ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                        : Math.scalb(1 + fraction / 1024.0, exponent - 15);
        return (float) (half < 0x8000 ? magnitude : -magnitude);
    }

    @Test
    void everyHalfHasTheValueOfItsDefinitionAndSurvivesTheWayBack() {
        for (int half = 0; half < 0x10000; half++) {
            float value = HalfPrecision.halfToFloat((short) half);
            assertThat(value).isEqualTo(Float.valueOf(byDefinition(half)));
            if (!Float.isNaN(value)) {
                assertThat(HalfPrecision.floatToHalf(value)).isEqualTo((short) half);
            }
        }
    }

    @Test
    void aValueBetweenTwoHalvesGoesToTheNearerOneAndTiesToTheEvenOne() {
        for (int half = 0; half < 0x7bff; half++) {
            double low = byDefinition(half);
            double high = byDefinition(half + 1);
            float middle = (float) ((low + high) / 2);
            assertThat(new BigDecimal(middle)).isEqualByComparingTo(new BigDecimal((low + high) / 2));
            int even = half % 2 == 0 ? half : half + 1;
            assertThat(HalfPrecision.floatToHalf(middle)).isEqualTo((short) even);
            assertThat(HalfPrecision.floatToHalf(Math.nextDown(middle))).isEqualTo((short) half);
            assertThat(HalfPrecision.floatToHalf(Math.nextUp(middle))).isEqualTo((short) (half + 1));
            assertThat(HalfPrecision.floatToHalf(-middle)).isEqualTo((short) (even | 0x8000));
        }
    }

    @ParameterizedTest(name = "{0} -> half {1}, bfloat {2}")
    @CsvSource({
        "65519.996, 65504, 65536",
        "65520, Infinity, 65536",
        "1e30, Infinity, 1.00025555E30",
        "3.4e38, Infinity, Infinity",
        "-Infinity, -Infinity, -Infinity",
        "NaN, NaN, NaN",
        "2.9802322387695312E-8, 0, 2.9802322387695312E-8",
        "1.00390625, 1.0039062, 1",
        "1.01171875, 1.0117188, 1.015625",
        "1e-40, 0, 9.1835E-41",
    })
    void roundsAsTorchDoes(float value, Float half, Float bfloat) {
        float[] values = {value};
        HalfPrecision.round(values, 0, 1, DType.F16);
        assertThat(values[0]).isEqualTo(half);
        values[0] = value;
        HalfPrecision.round(values, 0, 1, DType.BF16);
        assertThat(values[0]).isEqualTo(bfloat);
    }
}
