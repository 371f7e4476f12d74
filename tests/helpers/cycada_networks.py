"""Networks of the method CyCADA."""

NETWORKS = (
  'source_to_target',
  'target_to_source',
  'target_discriminator',
  'source_discriminator',
  'task',
  'source_task',
)
