/** `.dockerignore` as the builder reads it: the last pattern that matches a path, or a folder above it, decides. */

/**
 * @param {string} text content of the file.
 * @returns {{ ignores: (path: string) => boolean, maySee: (folder: string) => boolean }} `ignores` takes a path with `/` below
 * the context; `maySee` tells whether anything in an ignored folder could be an exception.
 */
export function parseDockerignore(text) {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const isException = line.startsWith('!');
      const pattern = (isException ? line.slice(1) : line).replace(/^\/+|\/+$/g, '');
      return { isException, pattern, matches: matcher(pattern) };
    });
  const ignores = (path) => {
    const parents = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    let ignored = false;
    for (const { isException, matches } of rules) if (parents.some(matches)) ignored = !isException;
    return ignored;
  };
  const maySee = (folder) =>
    !ignores(folder) ||
    rules.some(
      ({ isException, pattern }) =>
        isException && (pattern.startsWith(`${folder}/`) || /[*?[]/.test(pattern)),
    );
  return { ignores, maySee };
}

/** `**` is any number of folders, `*` and `?` stay in one name. */
function matcher(pattern) {
  const source = pattern
    .split('/')
    .map((part) => (part === '**' ? '**' : part.replace(/[.+^${}()|\\]/g, '\\$&')))
    .map((part) => (part === '**' ? part : part.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')))
    .join('/')
    .replaceAll(/(^|\/)\*\*\//g, '$1(?:.*/)?')
    .replaceAll(/\/\*\*$/g, '/.*')
    .replaceAll(/^\*\*$/g, '.*');
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}
