"""The files that tell what a run reached."""

import json
import os


def write(path, content):
  """Writes JSON so that the file is either the old or the new one."""
  with open(path + '.partial', 'w') as file:
    json.dump(content, file, indent=2)
    file.write('\n')
  os.replace(path + '.partial', path)


def read(path):
  """Returns the content of a JSON file, or None where there is none."""
  if not os.path.exists(path):
    return None
  with open(path) as file:
    return json.load(file)


def table(result):
  """Returns a run's rows as lines of text to print."""
  lines = [
    f'{result["source"]} -> {result["target"]}, seed {result["seed"]}, '
    f'{result["precision"]}',
    f'{"method":<14}{"target test":>12}{"right / count":>18}{"steps":>9}'
    f'{"minutes":>9}',
  ]
  for row in result['rows']:
    test = row['target_test']
    accuracy, counts = 'no labels', ''
    if test:
      accuracy = f'{test["accuracy"]:.2%}'
      counts = f'{test["correct"]:,} / {test["count"]:,}'
    lines.append(
      f'{row["method"]:<14}{accuracy:>12}{counts:>18}{row["steps"]:>9,}'
      f'{row["wall_seconds"] / 60:>9.1f}'
    )
  lines += [
    f'{row["method"]}: {row["note"]}'
    for row in result['rows']
    if row.get('note')
  ]
  return '\n'.join(lines)
