using Hotplug.Contract;

namespace Hotplug.Bitmap;

/// <summary>A memmap group: vmemmap pages at the start of a block or a device, and the sections that they
/// serve.</summary>
/// <param name="Pages">Its vmemmap pages, the head first; as many as the head's private says.</param>
/// <param name="Sections">The pages of its sections.</param>
/// <param name="References">The head's reference count: sections that are not removed yet.</param>
internal readonly record struct VmemmapGroup(PageRange Pages, PageRange Sections, int References)
{
    /// <summary>No group.</summary>
    public static VmemmapGroup None => default;

    public bool IsNone => Sections.Count == 0;
}
