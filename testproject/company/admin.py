from django.contrib import admin

from .models import Device, Membership, Organisation


@admin.register(Device)
class DeviceAdmin(admin.ModelAdmin):
    list_display = ("serial_number", "label", "kind", "keeper", "purchased")
    list_filter = ("kind",)
    list_select_related = ("keeper",)
    search_fields = ("serial_number", "label", "keeper__username")
    autocomplete_fields = ("keeper", "users")


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name",)
    inlines = (MembershipInline,)
