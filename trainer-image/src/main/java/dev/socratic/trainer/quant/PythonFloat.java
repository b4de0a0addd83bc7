package dev.socratic.trainer.quant;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers spelled as Python's {@code repr} and so its {@code json} spell them. */
final class PythonFloat {
    private PythonFloat() {}

    /** The fewest digits that read back as {@code value}; the JDK's own are not always the fewest before release 19. */
    static String repr(double value) {
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        int digits = 1;
        BigDecimal shortest = new BigDecimal(value).round(new MathContext(digits));
        while (shortest.doubleValue() != value) {
            shortest = new BigDecimal(value).round(new MathContext(++digits));
        }
        shortest = shortest.stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            return shortest.scale() <= 0 ? shortest.toBigInteger() + ".0" : shortest.toPlainString();
        }
        String mantissa = shortest.scaleByPowerOfTen(-exponent).toPlainString();
        return mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
