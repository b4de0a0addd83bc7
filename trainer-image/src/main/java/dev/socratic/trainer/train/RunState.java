package dev.socratic.trainer.train;

/**
 * Where a run stands beside its tensors. Data order and dropout follow from the seed and the step, so that no random
 * state is needed.
 *
 * @param step steps done
 * @param updates steps that changed the adapter: those whose gradients did not overflow
 */
record RunState(int step, int updates, GradScaler scaler, EarlyStopping earlyStopping) {}
