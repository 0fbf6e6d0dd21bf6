from django.contrib import admin

from shop.models import Account


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    search_fields = ("email",)
