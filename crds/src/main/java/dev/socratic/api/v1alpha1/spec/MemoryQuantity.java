package dev.socratic.api.v1alpha1.spec;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.RoundingMode;

/** Amounts of memory, as Kubernetes writes them (4Gi, 24G) and as transformers' max_memory does (4GiB, 24GB). */
public final class MemoryQuantity {
    private MemoryQuantity() {}

    /** Bytes of {@code text}; throws {@link IllegalArgumentException} if it is not an amount. */
    public static long toBytes(String text) {
        String trimmed = text.trim();
        String kubernetes = trimmed.matches("(?i).*[kmgtpe]i?b") ? trimmed.substring(0, trimmed.length() - 1) : trimmed;
        return Quantity.getAmountInBytes(new Quantity(kubernetes))
                .setScale(0, RoundingMode.FLOOR)
                .longValueExact();
    }
}
