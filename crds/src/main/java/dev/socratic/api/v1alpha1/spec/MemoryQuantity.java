package dev.socratic.api.v1alpha1.spec;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Pattern;

/** Amounts of memory, as Kubernetes writes them (4Gi, 24G) and as transformers' max_memory does (4GiB, 24GB). */
public final class MemoryQuantity {
    private static final String AMOUNT =
            "^([0-9]*[1-9][0-9]*([.][0-9]+)?|0?[.][0-9]*[1-9][0-9]*)([kMGTPE]|[KMGTPE]i|[KMGTPE]i?B)?$";
    private static final String GPU_OR_CPU = "^(cpu|[0-9]|[1-5][0-9]|6[0-3])$";
    private static final Pattern AMOUNT_PATTERN = Pattern.compile(AMOUNT);
    private static final Pattern KEY_PATTERN = Pattern.compile(GPU_OR_CPU);

    static final String KEYS_RULE = "self.all(k, k.matches('" + GPU_OR_CPU + "'))";
    // format() rather than + : the API server bounds its cost, but not that of joining keys of unknown length
    static final String KEYS_MESSAGE = "'maxMemory has the keys %s; allowed: a GPU index from 0 to 63, or cpu'"
            + ".format([self.filter(k, !k.matches('" + GPU_OR_CPU + "'))])";

    /** No device has more, and the sum over all of them is still a number of 63 bits. */
    private static final String MOST = "1Pi";

    /** What an amount may be, in words. */
    public static final String ALLOWED = "an amount of memory above 0 such as 4Gi or 24G, up to " + MOST;

    /** CEL rule of an amount, for the values of a map, which annotations do not reach. */
    public static final String VALUE_RULE = "self.matches('" + AMOUNT
            + "') && quantity(self.replace('KB', 'k').replace('B', '')).compareTo(quantity('" + MOST + "')) <= 0";

    public static final String VALUE_MESSAGE = "'the amount is ' + self + '; allowed: " + ALLOWED + "'";

    /** Whether {@code text} is an amount that is allowed. */
    public static boolean isAmount(String text) {
        return AMOUNT_PATTERN.matcher(text).matches() && bytes(text).compareTo(bytes(MOST)) <= 0;
    }

    /** Whether {@code key} may be a key of maxMemory: a GPU index, or cpu. */
    public static boolean isDevice(String key) {
        return KEY_PATTERN.matcher(key).matches();
    }

    private MemoryQuantity() {}

    /** Bytes of {@code text}; throws {@link IllegalArgumentException} if it is not an amount. */
    public static long toBytes(String text) {
        if (!isAmount(text)) {
            throw new IllegalArgumentException("\"" + text + "\" is not " + ALLOWED);
        }
        return bytes(text).setScale(0, RoundingMode.FLOOR).longValueExact();
    }

    private static BigDecimal bytes(String text) {
        String kubernetes = text.endsWith("B") ? text.substring(0, text.length() - 1) : text;
        if (kubernetes.endsWith("K")) {
            kubernetes = kubernetes.replace('K', 'k');
        }
        return Quantity.getAmountInBytes(new Quantity(kubernetes));
    }
}
