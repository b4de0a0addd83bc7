/**
 * Where a model's parts live and what that takes: {@link dev.socratic.trainer.placement.Planner} turns a shape, the
 * spec and the memory caps into a {@link dev.socratic.trainer.placement.RunPlan}, or refuses with the smallest cap
 * that would work.
 */
package dev.socratic.trainer.placement;
