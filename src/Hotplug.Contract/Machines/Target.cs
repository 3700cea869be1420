using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Machines;

/// <summary>
/// Where an operation's names point, resolved by the engine from earlier outcomes. Which part is set depends on
/// <see cref="SubjectKind"/>: block subjects and devices give <see cref="Range"/>, page subjects a range of one page.
/// </summary>
/// <param name="Range">Pages of the subject: the block, the device, or the one page. Empty for none.</param>
/// <param name="At">First page of the operation's <c>at</c>; −1 for none.</param>
public readonly record struct Target(PageRange Range, long At);
