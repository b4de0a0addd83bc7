/**
 * The operations of a decoder with CUDA kernels of our own, {@link dev.socratic.trainer.cuda.CudaOps}: compiled by NVRTC
 * for the device at hand, launched through the driver, beside cuBLAS for products and libtorch's attention. What they do
 * not cover goes to the plain operations.
 */
package dev.socratic.trainer.cuda;
