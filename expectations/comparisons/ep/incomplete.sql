-- One row per return that counts: how many grades its establishment leaves out.
with grades as (
    select count(*) as grades from reference.ep_grades
),

final as (
    select
        coalesce(authorities.authority_name, submissions.authority_code) || ' ' || submissions.period_label as place,
        grades.grades - count(distinct establishment.ep_grade) as grades_missing
    from ledger.current_submissions as submissions
    cross join grades
    left join raw.ep_workforce__establishment as establishment
        on submissions.submission_id = establishment.submission_id
    left join reference.authorities as authorities on submissions.authority_code = authorities.authority_code
    where submissions.collection = 'ep_workforce'
    group by authorities.authority_name, submissions.authority_code, submissions.period_label, grades.grades
)

select * from final
order by place
