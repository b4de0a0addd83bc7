package dev.socratic.trainer.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.socratic.trainer.engine.Attended;
import dev.socratic.trainer.engine.AttentionRule;
import java.util.List;

/** Causal attention that never writes its scores out; whether it suits decides whether the two passes may be asked for. */
interface ScorelessAttention {
    boolean suits(NDArray q, NDArray k, NDArray v, AttentionRule rule);

    Attended forward(NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule);

    List<NDArray> backward(
            NDManager scope, NDArray q, NDArray k, NDArray v, AttentionRule rule, Attended attended, NDArray dOutput);
}
