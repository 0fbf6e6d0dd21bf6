from django.contrib import admin

from .models import Device


@admin.register(Device)
class DeviceAdmin(admin.ModelAdmin):
    list_display = ("serial_number", "label", "kind", "keeper", "purchased")
    list_filter = ("kind",)
    list_select_related = ("keeper",)
    search_fields = ("serial_number", "label", "keeper__username")
    autocomplete_fields = ("keeper", "users")
