"""A network's weights in its twin in PyTorch."""

import tensorflow as tf


def n_trainable(network):
  return sum(v.shape.num_elements() for v in network.trainable_variables)


def copy_weights(torch, ours, theirs, inputs, mirrored=False):
  """Copies weights layer by layer, in the order in which layers are used."""
  used = []
  hooks = [
    module.register_forward_hook(lambda module, *_: used.append(module))
    for module in theirs.modules()
    if list(module.parameters(recurse=False))
  ]
  with torch.no_grad():
    theirs(*inputs)
  for hook in hooks:
    hook.remove()
  layers = [layer for layer in ours.layers if layer.trainable_variables]
  for layer, module in zip(layers, used, strict=True):
    if hasattr(layer, 'kernel'):
      kernel = layer.kernel.numpy()
      if isinstance(layer, tf.keras.layers.Dense):
        kernel = dense_kernel(ours, layer, kernel, mirrored)
      else:
        kernel = kernel[::-1, ::-1] if mirrored else kernel
        kernel = kernel.transpose(3, 2, 0, 1)
      weights = [kernel] + [v.numpy() for v in [layer.bias] if v is not None]
      parameters = [module.weight] + [module.bias] * (len(weights) - 1)
    else:
      weights = [v.numpy() for v in layer.trainable_variables]
      parameters = [module.weight, module.bias][-len(weights) :]
    for weight, parameter in zip(weights, parameters, strict=True):
      assert weight.shape == parameter.shape
      parameter.data = torch.tensor(weight.copy())


def dense_kernel(model, layer, kernel, mirrored):
  """Rows from height, width, channels to channels, height, width."""
  before = layer.inbound_nodes[0].inbound_layers
  if isinstance(before, tf.keras.layers.Flatten):
    kernel = kernel.reshape(*before.input_shape[1:], -1)
    kernel = kernel[::-1, ::-1] if mirrored else kernel
    kernel = kernel.transpose(2, 0, 1, 3).reshape(-1, kernel.shape[-1])
  return kernel.T
